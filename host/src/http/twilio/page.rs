//! Pages of a list: `PageSize`, `Page` and `PageToken` in, `meta` with absolute addresses out, by which the SDKs go on.

use super::{
    Refused,
    form::{Form, Query},
};
use crate::http::Face;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{header, request::Parts, uri::Authority},
};
use serde::Serialize;
use std::sync::Arc;

/// How many on a page where nothing is said, and at most.
const USUAL: u64 = 50;
const MOST: u64 = 1_000;

/// The parameters that say which page.
const OWN: [&str; 3] = ["PageSize", "Page", "PageToken"];

/// Where callers reach this face: `https://otp.example.com/v2`, without a `/` at its end.
#[derive(Debug, Clone)]
pub(in crate::http) struct Base(String);

/// Which page of a list is asked for, with its filters.
#[derive(Debug, Clone)]
pub(in crate::http) struct Paging {
    /// The address of the list.
    list: String,
    filters: Form,
    /// How many on a page.
    pub(in crate::http) size: usize,
    page: u64,
    /// What the page before named: where this one begins.
    pub(in crate::http) token: Option<String>,
}

/// `meta` of a list.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Meta {
    page: u64,
    page_size: usize,
    first_page_url: String,
    previous_page_url: Option<String>,
    url: String,
    next_page_url: Option<String>,
    key: &'static str,
}

impl FromRequestParts<Arc<Face>> for Base {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Arc<Face>) -> Result<Self, Refused> {
        if let Some(public) = &face.saved.load().public_url {
            return Ok(Self(format!("{public}/v2")));
        }
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let whole = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri);
        // Of HTTP/2 the address itself says it.
        let host = host.or_else(|| whole.authority().map(Authority::as_str)).unwrap_or("localhost");
        let host: Authority =
            host.parse().map_err(|_| Refused::invalid("Host", "the header names no host"))?;
        Ok(Self(format!("http://{host}/v2")))
    }
}

impl Base {
    /// The address of a resource: its path behind `/v2`.
    pub(in crate::http) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl Paging {
    /// Reads which page of the list at this path is asked for.
    pub(in crate::http) fn read(base: &Base, path: &str, Query(query): Query) -> Result<Self, Refused> {
        let filters = query?;
        let size = filters.whole("PageSize", 1..=MOST)?.unwrap_or(USUAL);
        let page = filters.whole("Page", 0..=1_000_000_000)?.unwrap_or(0);
        let token = filters.short("PageToken", 200)?.map(str::to_owned);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        Ok(Self { list: base.url(path), size, page, token, filters })
    }

    /// The filters of the list.
    pub(in crate::http) fn filters(&self) -> &Form {
        &self.filters
    }

    /// `meta` of this page; `next` says where the one behind it begins, if there is one.
    pub(in crate::http) fn meta(&self, key: &'static str, next: Option<&str>) -> Meta {
        Meta {
            page: self.page,
            page_size: self.size,
            first_page_url: self.address(0, None),
            // Where the page before began is not kept: who goes back begins anew.
            previous_page_url: (self.page == 1).then(|| self.address(0, None)),
            url: self.address(self.page, self.token.as_deref()),
            next_page_url: next.map(|token| self.address(self.page + 1, Some(token))),
            key,
        }
    }

    /// One page of all that there is, in the order of their SIDs, which begin with these letters. A token stands for what
    /// follows it in that order, so that it is good also when what it named is gone.
    pub(in crate::http) fn of<T>(
        &self,
        letters: &str,
        mut all: Vec<T>,
        sid: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Refused> {
        let is_sid = |token: &&str| {
            let digits = token.strip_prefix(letters).unwrap_or_default();
            digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        if self.token.as_deref().is_some_and(|token| !is_sid(&token)) {
            return Err(Refused::invalid("PageToken", "expected the one of the page before"));
        }
        all.sort_by_cached_key(&sid);
        all.retain(|item| self.token.as_ref().is_none_or(|token| sid(item) > *token));
        let has_more = all.len() > self.size;
        all.truncate(self.size);
        let next = all.last().filter(|_| has_more).map(sid);
        Ok((all, next))
    }

    fn address(&self, page: u64, token: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.filters.without(&OWN));
        query.append_pair("PageSize", &self.size.to_string()).append_pair("Page", &page.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", token);
        }
        format!("{}?{}", self.list, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Paging {
        let base = Base("https://otp.example.com/v2".to_owned());
        Paging::read(&base, "/Services", Query(Form::read(query.as_bytes()))).unwrap()
    }

    #[test]
    fn pages_follow_each_other_and_the_last_one_says_so() {
        let sid = |digit: char| format!("VA{}", digit.to_string().repeat(32));
        let of = |query: &str, all: &[char]| paging(query).of("VA", all.to_vec(), |digit| sid(*digit));
        let (page, next) = of("PageSize=2", &['b', 'a', 'c']).unwrap();
        assert_eq!((page, next), (vec!['a', 'b'], Some(sid('b'))));
        let query = format!("PageSize=2&Page=1&PageToken={}&Channel=sms", sid('b'));
        let second = paging(&query);
        // Whether or not what it named is still there.
        for all in [&['a', 'b', 'c'][..], &['a', 'c']] {
            assert_eq!(of(&query, all).unwrap(), (vec!['c'], None));
        }
        for bad in ["gone", "VA", &sid('g'), &sid('a').replace("VA", "RK")] {
            assert!(of(&format!("PageToken={bad}"), &['a']).is_err(), "{bad}");
        }
        let meta = second.meta("services", Some("x y"));
        let next = "https://otp.example.com/v2/Services?Channel=sms&PageSize=2&Page=2&PageToken=x+y";
        assert_eq!((meta.page, meta.next_page_url.as_deref()), (1, Some(next)));
        let first = "https://otp.example.com/v2/Services?Channel=sms&PageSize=2&Page=0";
        assert_eq!((meta.first_page_url.as_str(), meta.previous_page_url.as_deref()), (first, Some(first)));
    }

    #[test]
    fn a_page_that_nobody_can_have_is_refused() {
        for query in ["PageSize=0", "PageSize=1001", "PageSize=x", "Page=-1"] {
            let base = Base(String::new());
            let read = Paging::read(&base, "/Services", Query(Form::read(query.as_bytes())));
            assert!(read.is_err(), "{query}");
        }
    }
}
