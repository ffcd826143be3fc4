//! `[twilio]`, and what applications and the server say for it.

use super::told;

#[test]
fn each_mistake_is_told_exactly() {
    const SID: &str = "account_sid = \"AC0123456789abcdef0123456789abcdef\"";
    let account = "hint: your Account SID as Twilio shows it, or `AC` and any 32 hexadecimal digits";
    let token = "hint: your Auth Token as it is, or `openssl rand -hex 16` makes a good one";
    let mistakes = |text: &str| told(text).join("\n");
    assert_eq!(mistakes("[twilio]\n"), format!("1:1: `twilio` lacks `account_sid`\n{account}"));
    for bad in ["", "AC1", "AC0123456789ABCDEF0123456789ABCDEF", "VA0123456789abcdef0123456789abcdef"] {
        let text = format!("[twilio]\naccount_sid = \"{bad}\"\n");
        assert_eq!(mistakes(&text), format!("2:15: `twilio.account_sid` is no Account SID\n{account}"));
    }
    let short = format!("[twilio]\n{SID}\nauth_token = \"short\"\n");
    let what = "3:14: `twilio.auth_token` must be at least 20 characters of visible ASCII";
    assert_eq!(mistakes(&short), format!("{what}\n{token}"));
    let unknown = format!("[twilio]\n{SID}\ntoken = \"x\"\n");
    assert!(mistakes(&unknown).starts_with("3:1: unknown key `token` in `twilio`"), "{}", mistakes(&unknown));
    let address = "[server]\npublic_url = \"otp.example.com\"\n";
    let what = "2:14: `server.public_url` is no `http` or `https` address\nhint: for example \"https://otp.example.com\"";
    assert_eq!(mistakes(address), what);
}

#[test]
fn an_application_has_a_sid_that_is_one_and_no_others() {
    let sid = "service_sid = \"VA0123456789abcdef0123456789abcdef\"\nmethods = [\"one:code\"]";
    let mistakes = |text: &str| told(text).join("\n");
    let text = mistakes("[applications.web]\nservice_sid = \"VA1\"\nmethods = [\"one:code\"]\n");
    let what = "`applications.web.service_sid` is no SID of a Service\nhint: `VA` and 32 hexadecimal digits, as Twilio shows it";
    assert!(text.contains(what), "{text}");
    let text = mistakes(&format!("[applications.web]\n{sid}\n[applications.shop]\n{sid}\n"));
    let what =
        "`applications.shop` has the `service_sid` of another application\nhint: each Service has its own";
    assert!(text.contains(what), "{text}");
}
