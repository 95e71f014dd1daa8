//! docs/conformance/xua.md lists every code as the table has it, and no other.

use xds_xua::Refused;

const PAGE: &str = include_str!("../../../../docs/conformance/xua.md");

#[test]
fn the_page_lists_every_refusal() {
    let table: String = Refused::all()
        .map(|refused| {
            format!(
                "| {} | {} | {} | {} | {} |\n",
                refused.code(),
                refused.fault(),
                refused.rule(),
                refused.section(),
                refused.repair()
            )
        })
        .collect();
    assert!(
        PAGE.contains(&table),
        "the table in docs/conformance/xua.md should be\n{table}"
    );
    assert_eq!(PAGE.matches("| XUA-").count(), Refused::all().count());
}
