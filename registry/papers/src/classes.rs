//! What classes of documents are called.

use std::collections::BTreeMap;

use xds_policy::words::{ClassCode, ClassSet};

use crate::Language;

/// Names of classes by their code. A class without a name is called by its code.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClassNames(pub BTreeMap<String, String>);

impl ClassNames {
    /// What a class is called: name and code.
    pub(crate) fn of(&self, class: &ClassCode) -> String {
        match self.0.get(&class.0).filter(|name| !name.trim().is_empty()) {
            Some(name) => format!("{name} ({class})"),
            None => class.to_string(),
        }
    }

    /// What a set of classes is called.
    pub(crate) fn of_set(&self, classes: &ClassSet, language: Language) -> String {
        let named = |classes: &std::collections::BTreeSet<ClassCode>| {
            language.list(classes.iter().map(|class| self.of(class)))
        };
        match classes {
            ClassSet::All => language.say("すべて", "all"),
            ClassSet::Only(classes) => named(classes),
            ClassSet::Except(classes) => {
                let named = named(classes);
                language.pick(format!("{named} を除くすべて"), format!("all but {named}"))
            }
        }
    }
}
