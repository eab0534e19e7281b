//! Where the values of a model come from, when they come from a configuration. It knows neither models nor JSON.

/// A value that a configuration gives, and where from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// A symbol or a switch of the family.
    pub name: String,
    /// A number, `true` or `false`.
    pub value: String,
    /// The key, or the arithmetic of keys, that it is from.
    pub from: String,
}

/// A configuration that a model has its values from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The name that the configuration is shown under.
    pub name: String,
    /// Its `model_type`.
    pub kind: String,
    /// The class of the published code that is counted, if the family tells several apart.
    pub class: Option<String>,
    /// Values of symbols and switches, each once.
    pub settings: Vec<Setting>,
    /// What is to be said beside any result: values that were not given, keys that were left out.
    pub notes: Vec<String>,
}

impl Origin {
    /// The keys behind the names that a message speaks of, if it speaks of any.
    pub(crate) fn behind(&self, message: &str) -> Option<String> {
        let word = |c: char| !(c.is_alphanumeric() || c == '_');
        let words: Vec<&str> = message.split(word).collect();
        let told = self
            .settings
            .iter()
            .filter(|setting| words.contains(&setting.name.as_str()));
        let told: Vec<String> = told
            .map(|Setting { name, value, from }| match from.is_empty() {
                true => format!("{name} = {value}"),
                false => format!("{name} = {value} is `{from}`"),
            })
            .collect();
        (!told.is_empty()).then(|| format!("in {}, {}", self.name, told.join(", ")))
    }
}
