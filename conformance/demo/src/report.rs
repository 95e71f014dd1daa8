//! Step 9: the table of what happened, and what to look at next.

use std::time::Duration;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use xds_server::lang::{Lang, Say};

use crate::configuration::Ports;
use crate::folders::Folders;
use crate::show::{Show, Step};

/// The table.
pub(crate) fn table(show: &Show) -> String {
    let headings = [
        Say::new("手順", "step"),
        Say::new("件数", "count"),
        Say::new("正", "right"),
        Say::new("誤", "wrong"),
        Say::new("合計 ms", "total ms"),
        Say::new("要求の中央値 ms", "median request ms"),
    ];
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(headings.iter().map(|heading| show.lang().pick(heading)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for step in show.steps() {
        table.add_row(row(step, show.lang()));
    }
    table.to_string()
}

fn row(step: &Step, lang: Lang) -> [String; 6] {
    let count = step.expected.max(step.right + step.wrong.len());
    [
        lang.pick(&step.title).to_owned(),
        count.to_string(),
        step.right.to_string(),
        (count - step.right).to_string(),
        milliseconds(step.total),
        step.median().map(milliseconds).unwrap_or_default(),
    ]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// Where to go on from here. What only answers while the servers run is left out when they stop.
pub(crate) fn next(folders: &Folders, ports: &Ports, stays: bool) -> Say {
    let (files, running) = (files(folders), running(folders, ports));
    match stays {
        true => Say::new(
            format!("{}\n{}", files.ja, running.ja),
            format!("{}\n{}", files.en, running.en),
        ),
        false => files,
    }
}

fn files(folders: &Folders) -> Say {
    let base = folders.base.display();
    Say::new(
        format!(
            "次に見るもの
  {base}/endpoints.json  外部クライアントに必要なすべて: アドレス、CA、各ノードの証明書と鍵、患者
  {base}/replies/  受け取ったSOAP応答すべて
  {base}/log/  両サーバーのログと実行したコマンド"
        ),
        format!(
            "What to look at next
  {base}/endpoints.json  all that an outside client needs: addresses, CA, certificates and keys, patients
  {base}/replies/  every SOAP reply that came
  {base}/log/  logs of both servers, and the commands that were run"
        ),
    )
}

fn running(folders: &Folders, ports: &Ports) -> Say {
    let base = folders.base.display();
    let (registry, repository) = (ports.registry_status, ports.repository_status);
    let curl = format!(
        "curl --cacert {base}/pki/ca.pem --cert {base}/pki/h1.pem --key {base}/pki/h1.key \\
       -H 'Content-Type: application/soap+xml; charset=UTF-8' --data-binary @query.xml \\
       {}",
        ports.registry_url()
    );
    Say::new(
        format!(
            "  http://127.0.0.1:{registry}/metrics  レジストリのメトリクス（/ready も）
  http://127.0.0.1:{repository}/metrics  リポジトリのメトリクス（/ready も）
自分の問い合わせを送るには
  {curl}"
        ),
        format!(
            "  http://127.0.0.1:{registry}/metrics  metrics of the registry (/ready too)
  http://127.0.0.1:{repository}/metrics  metrics of the repository (/ready too)
To send a query of your own
  {curl}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_was_broken_off_counts_what_is_missing_as_wrong() {
        let mut show = Show::new(Lang::En);
        {
            let mut step = show.step("あ", "feed", 3);
            step.right();
        }
        let table = table(&show);
        let line = table.lines().find(|line| line.contains("feed")).unwrap();
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells[..4], ["feed", "3", "1", "2"]);
    }
}
