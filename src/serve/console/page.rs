//! One page: what its template shows, in the frame that all pages share.

use super::assets;
use super::engine;
use super::flash;
use super::headers::secured;
use super::section::Section;
use super::visit::Visit;
use crate::serve::http::Caller;
use crate::serve::{Customer, House};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

/// Where somebody signs out, by a form.
const SIGN_OUT: &str = "/sign-out";

/// A page about to be shown.
pub struct Page<'a> {
    title: &'a str,
    template: &'static str,
    context: Value,
    status: StatusCode,
    customer: Option<&'a Customer>,
    section: Option<Section>,
    notices: Vec<Notice>,
    /// One of them was told by a form, and has been told now.
    flashed: bool,
}

impl Notice {
    pub fn done(text: impl Into<String>) -> Self {
        Self { tone: Tone::Done, text: text.into(), mend: String::new() }
    }

    pub fn wrong(text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { tone: Tone::Wrong, text: text.into(), mend: mend.into() }
    }

    pub fn wait(text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { tone: Tone::Wait, text: text.into(), mend: mend.into() }
    }
}

/// What was done, or what stands in the way, above the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    /// What can be done about it; empty where nothing need be.
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Done,
    Wait,
    Wrong,
}

impl<'a> Page<'a> {
    /// `template` is one of the folder's.
    pub fn new(title: &'a str, template: &'static str) -> Self {
        Self {
            title,
            template,
            context: context! {},
            status: StatusCode::OK,
            customer: None,
            section: None,
            notices: Vec::new(),
            flashed: false,
        }
    }

    /// What the template shows; `frame` is the frame's own name.
    #[must_use]
    pub fn with(self, context: Value) -> Self {
        Self { context, ..self }
    }

    #[must_use]
    pub fn of(self, customer: &'a Customer, section: Section) -> Self {
        Self { customer: Some(customer), section: Some(section), ..self }
    }

    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    #[must_use]
    pub fn notice(mut self, notice: impl IntoIterator<Item = Notice>) -> Self {
        self.notices.extend(notice);
        self
    }

    /// Tells what came of the form before.
    #[must_use]
    pub fn flash(mut self, told: Option<Notice>) -> Self {
        self.flashed = told.is_some();
        self.notices.extend(told);
        self
    }

    /// To whoever visits.
    pub fn to(self, visit: &Visit) -> Response {
        self.flash(visit.flash.clone()).answer(&visit.house, Some(&visit.caller))
    }

    pub fn answer(mut self, house: &House, caller: Option<&Caller>) -> Response {
        if let Some(refused) = self.customer.and_then(Customer::refused) {
            let text = format!("The pipeline file as it stands now is not used. {}", refused.message);
            self.notices.insert(0, Notice { tone: Tone::Wrong, text, mend: refused.mend });
        }
        let frame = Value::from(Serde(&self.frame(house, caller)));
        let status = self.status;
        let flashed = self.flashed;
        let mut response = match engine::render(self.template, context! { frame, ..self.context }) {
            Ok(text) => (status, Html(text)).into_response(),
            Err(error) => {
                tracing::error!("the page `{}` cannot be shown: {error:#}", self.template);
                let sorry = "this page cannot be shown; the server's log says why\n";
                (StatusCode::INTERNAL_SERVER_ERROR, sorry).into_response()
            }
        };
        if flashed {
            flash::take(&mut response);
        }
        secured(response)
    }

    fn frame(&self, house: &House, caller: Option<&Caller>) -> Frame {
        let seen = |customer: &Customer| caller.is_some_and(|caller| caller.sees(&customer.name));
        let customers = house.customers();
        let customers: Vec<_> = customers.iter().filter(|customer| seen(customer)).collect();
        let sandboxed = |customer: &Customer| customer.opened().setup.sandbox;
        let here = self.customer.map(|customer| customer.name.as_str());
        Frame {
            title: self.title.to_owned(),
            assets: assets::links(),
            sandbox: match self.customer {
                Some(customer) => sandboxed(customer),
                None => customers.iter().any(|customer| sandboxed(customer)),
            },
            customer: here.map(str::to_owned),
            customers: customers
                .iter()
                .map(|customer| Link {
                    title: customer.name.clone(),
                    href: Section::Today.href(&customer.name),
                    current: here == Some(customer.name.as_str()),
                })
                .collect(),
            sections: here.map_or_else(Vec::new, |customer| {
                Section::there()
                    .map(|section| Link {
                        title: section.title().to_owned(),
                        href: section.href(customer),
                        current: self.section == Some(section),
                    })
                    .collect()
            }),
            caller: caller.map(|caller| Who {
                name: caller.name.clone(),
                roles: caller.roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(", "),
                csrf: caller.csrf.clone(),
            }),
            sign_out: SIGN_OUT,
            notices: self.notices.clone(),
        }
    }
}

/// What the frame shows.
#[derive(Serialize)]
struct Frame {
    title: String,
    assets: &'static assets::Links,
    sandbox: bool,
    customer: Option<String>,
    customers: Vec<Link>,
    sections: Vec<Link>,
    caller: Option<Who>,
    sign_out: &'static str,
    notices: Vec<Notice>,
}

#[derive(Serialize)]
struct Link {
    title: String,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Who {
    name: String,
    roles: String,
    csrf: String,
}

/// After a form: the browser goes on to a page of ours, and is told there what came of it.
pub fn led_to(path: &str, notice: &Notice) -> Response {
    flash::tell(onward(path), notice)
}

/// The browser goes on to a page of ours.
pub fn onward(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    secured(response)
}

/// A page that says no, in a sentence, and where to go from there.
pub fn refused(house: &House, caller: Option<&Caller>, status: StatusCode, title: &str, sentence: &str) -> Response {
    Page::new(title, "refused.html").status(status).with(context! { sentence }).answer(house, caller)
}

/// What a template shows.
pub fn data<T: Serialize>(shown: &T) -> Value {
    Value::from(Serde(shown))
}
