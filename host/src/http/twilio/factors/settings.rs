//! `Config.…` of a factor, over what the Service says or what the factor had.

use crate::{
    factor::{OutOfRange, Totp, TotpChange},
    http::twilio::{Refused, form::Form, services::Settings},
    seal::CodeHash,
};

/// How the Service says that codes are made, where nothing else is said.
pub(super) fn of_service(settings: &Settings) -> Totp {
    let asked = &settings.totp;
    let whole = |number: u64| i64::try_from(number).ok();
    let change = TotpChange {
        hash: None,
        digits: whole(asked.code_length),
        step: whole(asked.time_step),
        skew: whole(asked.skew),
    };
    // They were held to the same bounds when they were taken.
    Totp::default().changed(change).unwrap_or_default()
}

/// What a form says.
pub(super) fn change(form: &Form) -> Result<TotpChange, Refused> {
    let wrong = || Refused::invalid("Config.Alg", "expected `sha1`, `sha256` or `sha512`");
    let hash = form.text("Config.Alg")?.map(|word| CodeHash::named(word).ok_or_else(wrong)).transpose()?;
    let whole = |name| {
        let number = form.text(name)?.map(str::parse).transpose();
        number.map_err(|_| Refused::invalid(name, "expected a whole number"))
    };
    Ok(TotpChange {
        hash,
        digits: whole("Config.CodeLength")?,
        step: whole("Config.TimeStep")?,
        skew: whole("Config.Skew")?,
    })
}

/// What is out of range, by the name that callers know.
pub(super) fn out_of_range(error: OutOfRange) -> Refused {
    let name = match error.field {
        "digits" => "Config.CodeLength",
        "step" => "Config.TimeStep",
        _ => "Config.Skew",
    };
    Refused::invalid(name, &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_a_form_says_goes_before_what_there_is() {
        let usual = of_service(&Settings::default());
        assert_eq!(usual, Totp::default());
        assert_eq!(change(&form("FriendlyName=x")).unwrap(), TotpChange::default());
        let all = form("Config.Alg=SHA512&Config.TimeStep=60&Config.CodeLength=8&Config.Skew=0");
        let totp = usual.changed(change(&all).unwrap()).unwrap();
        assert_eq!((totp.hash(), totp.step(), totp.digits(), totp.skew()), (CodeHash::Sha512, 60, 8, 0));
        for bad in
            ["Config.Alg=md5", "Config.TimeStep=19", "Config.CodeLength=9", "Config.Skew=-1", "Config.Skew=x"]
        {
            let name = bad.split_once('=').unwrap().0;
            let changed = change(&form(bad)).and_then(|change| usual.changed(change).map_err(out_of_range));
            let told = format!("{:?}", changed.unwrap_err());
            assert!(told.contains("60200") && told.contains(&format!("`{name}`")), "{told}");
        }
    }
}
