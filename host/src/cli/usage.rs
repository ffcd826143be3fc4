//! Help, version, and what was typed wrongly.

use super::{Exit, page::one_line};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io::Write;

/// Writes help and version to `out`, anything else as a mistake of at most three lines to `err`.
pub(super) fn tell(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let (written, exit) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (write!(out, "{}", error.render()), Exit::Done),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            (write!(err, "{}", error.render()), Exit::Usage)
        }
        _ => (writeln!(err, "{}", mistake(error)), Exit::Usage),
    };
    if written.is_ok() { exit } else { Exit::Failed }
}

fn mistake(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let mut paragraphs = rendered.split("\n\n");
    let stray = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => !argument.starts_with('-'),
        _ => false,
    };
    let what = if error.kind() == ErrorKind::UnknownArgument && stray {
        // What stands where nothing belongs may be a code or a recipient.
        "error: one argument too many".to_owned()
    } else {
        one_line(paragraphs.next().unwrap_or("error: wrong usage"))
    };
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: ")).filter(|_| !stray);
    let command = match rendered.lines().find_map(|line| line.strip_prefix("Usage: ")) {
        Some(usage) => usage.split(' ').take_while(|word| !word.starts_with(['-', '[', '<'])).collect(),
        None => vec!["passrelay"],
    };
    let hint = tip.map_or_else(|| format!("`{} --help` explains", command.join(" ")), one_line);
    format!("{what}\nhint: {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::Parser;

    fn told(typed: &str) -> (String, String, Exit) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let error = Arguments::try_parse_from(typed.split(' ')).unwrap_err();
        let exit = tell(&error, &mut out, &mut err);
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit)
    }

    #[test]
    fn wrong_usage_is_told_in_at_most_three_lines_with_a_hint() {
        for (typed, expected) in [
            (
                "passrelay serv",
                "error: unrecognized subcommand 'serv'\nhint: a similar subcommand exists: 'serve'\n",
            ),
            (
                "passrelay send --to +12",
                "error: the following required arguments were not provided: --channel <CHANNEL>\n\
                 hint: `passrelay send --help` explains\n",
            ),
            (
                "passrelay send --to +12 --channel SMS",
                "error: invalid value 'SMS' for '--channel <CHANNEL>': `SMS` is no channel: a channel is a lower-case \
                 word such as `sms`\nhint: `passrelay --help` explains\n",
            ),
            (
                "passrelay check 123456",
                "error: one argument too many\nhint: `passrelay check --help` explains\n",
            ),
            (
                "passrelay check --jsn",
                "error: unexpected argument '--jsn' found\nhint: a similar argument exists: '--json'\n",
            ),
        ] {
            assert_eq!(told(typed), (String::new(), expected.to_owned(), Exit::Usage), "{typed}");
        }
    }

    #[test]
    fn help_and_version_are_answers() {
        for typed in ["passrelay --help", "passrelay providers --help", "passrelay --version"] {
            let (out, err, exit) = told(typed);
            assert!(out.contains("passrelay") && err.is_empty(), "{typed}");
            assert_eq!(exit, Exit::Done);
        }
        let (out, err, exit) = told("passrelay");
        assert!(out.is_empty() && err.contains("Usage: passrelay"));
        assert_eq!(exit, Exit::Usage);
    }
}
