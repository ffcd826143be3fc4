//! The form of a declared host, checked by the compiler where the macro stands, and by a host that reads it.

/// Whether a text has the form of a [`Pattern`](super::Pattern). An IPv6 address is only looked at for its characters.
pub const fn is_pattern(text: &str) -> bool {
    match text.as_bytes() {
        b"*" => true,
        [b'{', key @ .., b'}'] => is_key(key),
        [b'[', rest @ ..] => is_v6(rest),
        [b'*', b'.', domain @ ..] => is_name_with_port(domain, true),
        name => is_name_with_port(name, false),
    }
}

/// Words of letters, digits, `_` and `-` with dots between them.
const fn is_key(key: &[u8]) -> bool {
    let (mut rest, mut length) = (key, 0);
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b'.' if length == 0 => return false,
            b'.' => length = 0,
            _ if byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-' => length += 1,
            _ => return false,
        }
        rest = after;
    }
    length > 0
}

/// What follows a `[`.
const fn is_v6(after: &[u8]) -> bool {
    let (mut rest, mut length) = (after, 0);
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            b']' if length < 2 => return false,
            b']' => return after.is_empty() || matches!(after, [b':', port @ ..] if is_port(port)),
            b':' | b'.' | b'0'..=b'9' | b'a'..=b'f' => length += 1,
            _ => return false,
        }
        rest = after;
    }
    false
}

const fn is_name_with_port(text: &[u8], is_domain: bool) -> bool {
    let (mut rest, mut length) = (text, 0);
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b':' {
            let (name, _) = text.split_at(length);
            return is_port(after) && is_name(name, is_domain);
        }
        length += 1;
        rest = after;
    }
    is_name(text, is_domain)
}

/// 1 to 65535, without a zero before it.
const fn is_port(digits: &[u8]) -> bool {
    if digits.is_empty() || digits.len() > 5 || matches!(digits, [b'0', ..]) {
        return false;
    }
    let (mut rest, mut port) = (digits, 0_u32);
    while let Some((digit, after)) = rest.split_first() {
        if !digit.is_ascii_digit() {
            return false;
        }
        port = port * 10 + (*digit - b'0') as u32;
        rest = after;
    }
    port <= 65_535
}

/// A name as a URL's parser gives it, or an IPv4 address with its four numbers.
///
/// What ends in a number is an address (WHATWG URL, "ends in a number checker"): `127.1` would never be met.
const fn is_name(name: &[u8], is_domain: bool) -> bool {
    if name.len() > 253 {
        return false;
    }
    let (mut rest, mut labels, mut octets) = (name, 0, 0);
    let mut label = Label::NEW;
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'.' {
            if label.length == 0 || label.length > 63 {
                return false;
            }
            labels += 1;
            octets += label.is_octet() as u32;
            label = Label::NEW;
        } else if byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-' || *byte == b'_' {
            label = label.with(*byte);
        } else {
            return false;
        }
        rest = after;
    }
    if label.length == 0 || label.length > 63 || label.is_hexadecimal {
        return false;
    }
    !label.is_number || (!is_domain && labels == 3 && octets == 3 && label.is_octet())
}

/// One part of a name so far.
struct Label {
    length: u32,
    is_number: bool,
    value: u32,
    begins_with_zero: bool,
    is_hexadecimal: bool,
}

impl Label {
    const NEW: Self =
        Self { length: 0, is_number: true, value: 0, begins_with_zero: false, is_hexadecimal: false };

    const fn with(self, byte: u8) -> Self {
        let digit = byte.is_ascii_digit();
        Self {
            length: self.length + 1,
            is_number: self.is_number && digit,
            value: if digit && self.value < 1_000 {
                self.value * 10 + (byte - b'0') as u32
            } else {
                self.value
            },
            begins_with_zero: self.begins_with_zero || (self.length == 0 && byte == b'0'),
            is_hexadecimal: self.is_hexadecimal
                || (self.length == 1 && self.begins_with_zero && byte == b'x'),
        }
    }

    const fn is_octet(&self) -> bool {
        self.is_number && self.value < 256 && (self.length == 1 || !self.begins_with_zero)
    }
}
