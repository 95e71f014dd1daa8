//! Statements about patients.

sql! {
    /// Patients in the order of their names. $1 the beginning of a search key, $2 how many.
    LIST_PATIENTS "list_patients" [TEXT, INT8]
"SELECT p.key, p.id, p.authority, s.id, s.authority, p.ideographic, p.phonetic, p.alphabetic, p.plain,
       p.birth_date, p.sex
  FROM patient p
  LEFT JOIN patient s ON s.key = p.surviving
 WHERE coalesce(p.search_key, '') ~>=~ $1
   AND ($1 = '' OR coalesce(p.search_key, '') ~<~ ($1 || chr(1114111)))
 ORDER BY coalesce(p.search_key, '') USING ~<~, p.id
 LIMIT $2";

    /// $1 fresh keys, $2 ids, $3 authorities, then names, birth date, sex and search key, $11 now.
    ADD_PATIENTS "add_patients" [
        UUID_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TIMESTAMPTZ]
"WITH fresh AS (
  INSERT INTO patient_identifier (patient, id, authority)
  SELECT unnest($1), unnest($2), unnest($3)
      ON CONFLICT DO NOTHING
  RETURNING patient, id, authority
)
INSERT INTO patient (key, id, authority, ideographic, phonetic, alphabetic, plain, birth_date, sex,
                     search_key, created_at, changed_at)
SELECT fresh.patient, fresh.id, fresh.authority, $4, $5, $6, $7, $8, $9, $10, $11, $11
  FROM fresh";

    /// $1 ids, $2 authorities, then as above. What a message leaves out stays.
    RENAME_PATIENTS "rename_patients" [
        TEXT_ARRAY, TEXT_ARRAY, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TIMESTAMPTZ]
"UPDATE patient p
   SET ideographic = coalesce($3, p.ideographic), phonetic = coalesce($4, p.phonetic),
       alphabetic = coalesce($5, p.alphabetic), plain = coalesce($6, p.plain),
       birth_date = coalesce($7, p.birth_date), sex = coalesce($8, p.sex),
       search_key = coalesce($9, p.search_key), changed_at = $10
  FROM (SELECT unnest($1) AS id, unnest($2) AS authority) AS w
  JOIN patient_identifier i ON i.id = w.id AND i.authority = w.authority
 WHERE p.key = i.patient";

    SHOW_PATIENT "show_patient" [TEXT, TEXT]
"SELECT p.key, p.id, p.authority, v.id, v.authority, p.ideographic, p.phonetic, p.alphabetic, p.plain,
       p.birth_date, p.sex
  FROM patient_identifier i
  JOIN patient p ON p.key = i.patient
  LEFT JOIN patient v ON v.key = p.surviving
 WHERE i.id = $1 AND i.authority = $2";
}
