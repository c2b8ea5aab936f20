//! The hosts on which the console is.

use api::{CONSOLE_LABEL, host, is_host, public_label};
use http::request::Parts;

use crate::ConsoleSettings;

/// The origin at which the console was asked for; none on a host where it is not, above all that of a handle.
pub(crate) fn origin(settings: &ConsoleSettings, parts: &Parts) -> Option<String> {
    let host = host(parts)?;
    let (scheme, api_host) = settings.api_origin.split_once("://")?;
    let is_console =
        public_label(&host, &settings.public_domain).as_deref() == Some(CONSOLE_LABEL) || is_host(&host, api_host) || is_gateway(&host);
    is_console.then(|| format!("{scheme}://{}", host.strip_suffix(default_port(scheme)).unwrap_or(&host)))
}

fn default_port(scheme: &str) -> &'static str {
    if scheme == "http" { ":80" } else { ":443" }
}

/// Whether this is API Gateway's own name of an API: `<id>.execute-api.<region>.amazonaws.com`, `.cn` in China.
fn is_gateway(host: &str) -> bool {
    let mut labels = host.split_once(':').map_or(host, |(name, _port)| name).split('.');
    let is_name = |label: Option<&str>| {
        label.is_some_and(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    is_name(labels.next())
        && labels.next() == Some("execute-api")
        && is_name(labels.next())
        && labels.next() == Some("amazonaws")
        && labels.next() == Some("com")
        && matches!((labels.next(), labels.next()), (None, None) | (Some("cn"), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use http::header::HOST;

    fn origin_at(host: &str, domain: &str, api: &str) -> Option<String> {
        let variable = |name: &str| match name {
            "STAGE" => Some("local".to_owned()),
            "PUBLIC_DOMAIN" => Some(domain.to_owned()),
            "API_ORIGIN" => Some(api.to_owned()),
            _ => None,
        };
        let (parts, ()) = Request::builder().uri("/console/home").header(HOST, host).body(()).unwrap().into_parts();
        origin(&ConsoleSettings::read(variable).unwrap(), &parts)
    }

    #[test]
    fn the_console_is_on_its_own_host_on_that_of_the_api_and_on_that_of_the_gateway() {
        let at = |host: &str| origin_at(host, "10x.in", "https://api.10x.in");
        for host in
            ["app.10x.in", "api.10x.in", "a1b2c3.execute-api.eu-central-1.amazonaws.com", "a1.execute-api.cn-north-1.amazonaws.com.cn"]
        {
            assert_eq!(at(host), Some(format!("https://{host}")));
            assert_eq!(at(&format!("{}:443", host.to_uppercase())), Some(format!("https://{host}")));
        }
        for host in [
            "demo.10x.in",
            "10x.in",
            "xapp.10x.in",
            "app.evil10x.in",
            "app.demo.10x.in",
            "api.10x.in.evil.example",
            "execute-api.eu-central-1.amazonaws.com",
            "a.b.execute-api.eu-central-1.amazonaws.com",
            "a.execute-api.eu-central-1.amazonaws.com.evil",
            "a.execute-api.eu-central-1.amazonaws.com.cn.evil",
            "a\"<.execute-api.eu-central-1.amazonaws.com",
            "",
        ] {
            assert_eq!(at(host), None, "{host}");
        }
    }

    #[test]
    fn on_this_machine_it_is_at_localhost_with_the_port() {
        let at = |host: &str| origin_at(host, "localhost:9000", "http://localhost:9000");
        assert_eq!(at("localhost:9000"), Some("http://localhost:9000".to_owned()));
        assert_eq!(at("app.localhost:9000"), Some("http://app.localhost:9000".to_owned()));
        for host in ["localhost", "localhost:9001", "demo.localhost:9000", "127.0.0.1:9000"] {
            assert_eq!(at(host), None, "{host}");
        }
    }
}
