//! A mail as an operator who tries the provider sees it.

use super::{Author, Mail, subject};
use provider_api::Message;

impl Mail {
    /// What is sent, line by line and readable, with the code and the recipient masked wherever they stand.
    pub(crate) fn preview(&self, author: &Author, message: &Message) -> Vec<String> {
        let masked = |text: &str| message.masked(text);
        let to = message.recipient.masked();
        // Masked first: a code that holds a line break would no longer be found in a single line.
        let subject = subject(message, message.subject.as_deref().map(masked).as_deref());
        let date = self.built.headers().get_raw("Date").unwrap_or_default();
        let mut lines = vec![
            masked(&format!("MAIL FROM:<{}>", author.from.email)),
            format!("RCPT TO:<{to}>"),
            String::new(),
            format!("Date: {date}"),
            masked(&format!("From: {}", author.from)),
        ];
        lines.extend(author.reply_to.as_ref().map(|reply_to| masked(&format!("Reply-To: {reply_to}"))));
        lines.extend([
            format!("To: {to}"),
            format!("Subject: {subject}"),
            masked(&format!("Message-ID: {}", self.id)),
            "Auto-Submitted: auto-generated".to_owned(),
            String::new(),
        ]);
        lines.extend(masked(&message.text).lines().map(str::to_owned));
        if let Some(html) = message.html.as_deref().filter(|html| !html.trim().is_empty()) {
            lines.extend([String::new(), "text/html:".to_owned()]);
            lines.extend(masked(html).lines().map(str::to_owned));
        }
        lines
    }
}
