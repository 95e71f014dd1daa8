//! Every file of the corpus, with the verdict that its folder and name state.

use crate::support::{corpus_files, verdict};

#[test]
fn accepted_files_are_accepted() {
    let files = corpus_files("accept");
    assert!(files.len() > 20);
    for (path, bytes) in files {
        assert_eq!(verdict(&bytes), Ok(()), "{}", path.display());
    }
}

#[test]
fn refused_files_are_refused_for_the_stated_reason() {
    let files = corpus_files("refuse");
    assert!(files.len() > 130);
    let mut wrong = Vec::new();
    for (path, bytes) in files {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let expected = stem.split_once('.').expect("name.Kind.xml").1;
        let found = verdict(&bytes).map_or_else(|kind| format!("{kind:?}"), |()| "accepted".to_owned());
        if found != expected {
            wrong.push(format!("{stem}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
