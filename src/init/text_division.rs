//! How the text of a log is divided: what `[logs]` must say for its rows to be read at all.

/// What a lookup needs.
const WHO: [&str; 3] = ["requester", "target", "requested_at"];

/// How text is divided.
#[derive(Default)]
pub(super) struct TextDivision {
    /// Settings of `[logs]`, each with its reason.
    pub(super) settings: Vec<(String, String)>,
    /// What its columns are called.
    pub(super) columns: Called,
    /// Whether lines read like sentences, in which numbers are no times.
    pub(super) is_text: bool,
}

/// How the columns of a log are called.
#[derive(Default)]
pub(super) enum Called {
    /// As its files say.
    #[default]
    InFiles,
    /// By their positions, of which there are this many.
    Positions(usize),
    /// As the settings say.
    Given(Vec<String>),
}

impl TextDivision {
    /// The lines of `[logs]` that the log is read with while its columns mean nothing yet.
    pub(super) fn lines(&self) -> String {
        let settings: Vec<&str> =
            self.settings.iter().map(|(setting, _)| setting.as_str()).collect();
        let settings = settings.join("\n");
        // Where the release file gives the columns, it is refused without a mapping.
        let columns: Vec<String> = match &self.columns {
            Called::InFiles => return settings,
            Called::Positions(last) => vec!["1".to_owned(), "2".to_owned(), last.to_string()],
            Called::Given(names) => names.iter().cycle().take(3).cloned().collect(),
        };
        let columns = WHO.iter().zip(columns);
        let columns = columns.map(|(name, column)| format!("{name} = {}", self.address(&column)));
        format!("{settings}\ncolumns = {{ {} }}", columns.collect::<Vec<_>>().join(", "))
    }

    /// The setting with the pattern that lines are read by; `None` if none is.
    pub(super) fn pattern(&self) -> Option<&str> {
        let mut settings = self.settings.iter().map(|(setting, _)| setting.as_str());
        settings.find(|setting| setting.starts_with("pattern = "))
    }

    /// A column as the mapping writes it.
    pub(super) fn address(&self, column: &str) -> String {
        match &self.columns {
            Called::Positions(_) => column.to_owned(),
            Called::InFiles | Called::Given(_) => toml::Value::from(column).to_string(),
        }
    }
}
