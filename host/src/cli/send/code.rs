//! Where the code comes from: standard input or a file, never the arguments, which every user of the machine can read.

use crate::cli::trouble::Trouble;
use provider_api::Secret;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal as _, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// The fewest characters: what is shorter cannot be kept out of what a service says, and is no code.
const FEWEST: usize = 4;

/// The most bytes that are read.
const LONGEST: usize = 256;

/// Reads the code from the first line of the file, else of standard input; whoever types it is asked for it.
pub(in crate::cli) fn read(file: Option<&Path>) -> Result<Secret, Trouble> {
    let Some(file) = file else {
        let input = io::stdin().lock();
        if input.is_terminal() {
            // Where it cannot be shown, it is still waited for.
            let _shown = prompt(&mut io::stderr());
        }
        return first_line(input, "standard input");
    };
    let named = format!("`{}`", file.display());
    let opened = File::open(file).map_err(|cause| unreadable(&named, &cause))?;
    first_line(BufReader::new(opened), &named)
}

fn prompt(err: &mut dyn Write) -> io::Result<()> {
    err.write_all(b"code: ")?;
    err.flush()
}

/// The first line without white space around it. What stands there is never told.
fn first_line(input: impl BufRead, named: &str) -> Result<Secret, Trouble> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    input.take(most).read_until(b'\n', &mut line).map_err(|cause| unreadable(named, &cause))?;
    let code = str::from_utf8(&line).ok().map(str::trim).filter(|code| !code.contains(char::is_control));
    let wrong = |what: &str| Err(Trouble::new(format!("the code from {named} {what}")).with_hint(HINT));
    match code {
        _ if line.len() > LONGEST => wrong(&format!("has more than {LONGEST} bytes")),
        None => wrong("is no text"),
        Some("") => wrong("is empty"),
        Some(code) if code.chars().count() < FEWEST => wrong(&format!("has fewer than {FEWEST} characters")),
        Some(code) => Ok(Secret::new(code)),
    }
}

const HINT: &str = "one line on standard input, or `--code-file FILE`";

fn unreadable(named: &str, cause: &io::Error) -> Trouble {
    Trouble::new(format!("cannot read the code from {named}: {cause}")).with_hint(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_first_line() {
        for typed in ["482913", "482913\n", "482913\r\n", " 482913 \nmore\n"] {
            assert_eq!(first_line(typed.as_bytes(), "standard input").unwrap().expose(), "482913");
        }
    }

    #[test]
    fn what_is_no_code_is_told_and_not_repeated() {
        for (typed, what) in [
            (&b""[..], "is empty"),
            (b"\n482913\n", "is empty"),
            (b"123\n", "has fewer than 4 characters"),
            (b"4829\xff13\n", "is no text"),
            (b"4829\x1b13\n", "is no text"),
            (&b"9".repeat(LONGEST + 1), "has more than 256 bytes"),
        ] {
            let told = first_line(typed, "standard input").unwrap_err().text();
            assert_eq!(told, format!("error: the code from standard input {what}\nhint: {HINT}"));
        }
        let told = read(Some(Path::new("/nowhere"))).unwrap_err().text();
        assert!(told.starts_with("error: cannot read the code from `/nowhere`: "), "{told}");
    }

    #[test]
    fn who_sits_at_a_terminal_is_asked_in_one_word() {
        let mut shown = Vec::new();
        prompt(&mut shown).unwrap();
        assert_eq!(shown, b"code: ");
    }
}
