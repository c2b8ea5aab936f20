//! The lists of addresses that must never be reached.

use super::*;

fn admit(text: &str) -> Result<Endpoint, InvalidEndpoint> {
    Endpoint::admit(text, &OwnHosts::new(["links.example.com".to_owned()]), Egress::Public)
}

#[test]
fn public_https_addresses_are_accepted() {
    for text in [
        "https://hooks.example.com/test",
        "https://commissions.example.com/ingest?key=1",
        "https://example.com:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://bücher.example/",
    ] {
        assert!(admit(text).is_ok(), "{text}: {:?}", admit(text));
    }
}

#[test]
fn every_spelling_of_a_private_address_is_refused() {
    for text in [
        "http://127.0.0.1",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://①②⑦.⓪.⓪.①",
        "https://127。0。0。1",
        "https://%31%32%37.0.0.1",
        "https:127.0.0.1",
        "https:\\\\127.0.0.1",
        "https://[::1]",
        "https://[::]",
        "https://[::127.0.0.1]",
        "https://[::ffff:169.254.169.254]",
        "https://[::ffff:0:7f00:1]",
        "https://[64:ff9b::7f00:1]",
        "https://[2002:7f00:1::]",
        "https://[2001:0:7f00:1::]",
        "https://[fd00:ec2::254]",
        "https://[fe80::1]",
        "https://169.254.169.254/latest/meta-data",
        "https://169.254.170.2",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://localhost",
        "https://localhost.",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "https://printer.local",
        "https://intranet",
        "https://db.internal",
        "https://user:pw@example.com",
        "https://foo@127.0.0.1:80@example.com",
        "https://example.com\\@127.0.0.1",
        "https://example.com:0",
        "https://example.com:22",
        "https://example.com:9001",
        "https://example.com:2773",
        "https://exa\tmple.com",
        "https://example.com/a\r\nX: y",
        "ftp://example.com",
        "file:///proc/self/environ",
        "gopher://example.com",
        "javascript:alert(1)",
        "https://demo.links.example.com/launch",
        "http://example.com",
        "https://example.com/#fragment",
        "https://256.1.1.1",
        "//example.com",
        "",
    ] {
        assert!(admit(text).is_err(), "{text:?} was admitted");
    }
    assert!(admit(&format!("https://example.com/{}", "a".repeat(2048))).is_err());
    assert!(admit(&format!("https://{}.example.com/", "a".repeat(64))).is_err());
}

#[test]
fn a_receiver_under_development_may_be_on_this_machine_only() {
    let admit = |text| Endpoint::admit(text, &OwnHosts::new(["localhost:9000".to_owned()]), Egress::LocalDevelopment);
    for text in ["http://127.0.0.1:8080/hook", "http://localhost:9100/", "http://[::1]:9100/", "https://hooks.example.com/"] {
        assert!(admit(text).is_ok(), "{text}");
    }
    for text in ["http://10.0.0.1/", "http://example.com/", "https://169.254.169.254/", "http://192.168.1.1:8080/"] {
        assert!(admit(text).is_err(), "{text}");
    }
}

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    let is_public = |text: &str| super::is_public(text.parse().unwrap());
    for text in
        ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1", "2001:200::1"]
    {
        assert!(is_public(text), "{text}");
    }
    for text in [
        "127.255.255.255",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.0.1",
        "100.127.255.255",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.1.2.3",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "fc00::1",
        "fe80::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ] {
        assert!(!is_public(text), "{text}");
    }
}
