//! docs/conformance/xua.md lists every code, with its fault, and no other.

use std::collections::BTreeMap;

use xds_xua::Refused;

const PAGE: &str = include_str!("../../../../docs/conformance/xua.md");

#[test]
fn the_page_and_the_table_agree() {
    let listed: BTreeMap<&str, Vec<&str>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| XUA-") && line.contains("wsse:"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0], cells)
        })
        .collect();
    let mut expected = 0;
    for refused in Refused::all() {
        expected += 1;
        let cells = listed.get(refused.code()).unwrap_or_else(|| panic!("{} is not listed", refused.code()));
        let fault = refused.fault().to_string();
        assert_eq!(cells[1..], [fault.as_str(), refused.rule(), refused.section(), refused.repair()], "{}", refused.code());
    }
    assert_eq!(listed.len(), expected);
}
