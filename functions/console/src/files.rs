//! The files of `web/dist`, compressed by `build.rs`.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;

/// A file of the console.
#[derive(Debug)]
pub struct File {
    /// Its path below `web/dist`, such as `assets/index-B3xYz9kQ.js`.
    pub name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its ETag; weak, because it is the same whether or not the file is compressed (RFC 9110 §8.8.1).
    pub tag: &'static str,
    /// Its bytes as they are sent to callers who accept gzip.
    pub content: &'static [u8],
    /// Whether these are compressed.
    pub is_gzip: bool,
}

/// Every file but `index.html`, in the order of their names.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The page, before the settings are filled in.
const INDEX: &str = include_str!(concat!(env!("OUT_DIR"), "/index.html"));
/// What the settings replace; `build.rs` makes sure that it is there.
const NO_SETTINGS: &str = r#"id="config">{}</script>"#;

impl File {
    /// The file of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        FILES.binary_search_by(|file| file.name.cmp(name)).ok().and_then(|place| FILES.get(place))
    }

    /// Whether its name has a hash of its content, so that it never changes under this name.
    pub fn is_immutable(&self) -> bool {
        self.name.starts_with("assets/")
    }

    /// Its bytes, uncompressed.
    pub fn plain(&self) -> Cow<'static, [u8]> {
        if !self.is_gzip {
            return Cow::Borrowed(self.content);
        }
        let mut plain = Vec::new();
        // What this program compressed itself can be read; if it could not, the caller would get an empty file.
        let read = GzDecoder::new(self.content).read_to_end(&mut plain);
        Cow::Owned(read.map(|_| plain).unwrap_or_default())
    }
}

/// The page with the settings as JSON in it. They are data: a script element ends at the first `</script`, so `<` is escaped.
pub(crate) fn index(config: &str) -> String {
    INDEX.replacen(NO_SETTINGS, &format!(r#"id="config">{}</script>"#, config.replace('<', "\\u003c")), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_name_and_unpacked() {
        assert!(FILES.is_sorted_by_key(|file| file.name), "the search needs them in order");
        for file in FILES {
            assert_eq!(File::find(file.name).map(|found| found.tag), Some(file.tag));
            let plain = std::fs::read(format!("{}/web/dist/{}", env!("CARGO_MANIFEST_DIR"), file.name)).unwrap();
            assert_eq!(file.plain(), plain, "{}", file.name);
            assert!(!file.is_gzip || file.content.len() < plain.len(), "{}", file.name);
        }
        assert!(File::find("index.html").is_none() && File::find("").is_none());
    }

    #[test]
    fn settings_in_the_page_end_no_script_element() {
        let page = index(r#"{"clientId":"</script><script>alert(1)</script>"}"#);
        assert!(page.contains(r#"id="config">{"clientId":"\u003c/script>\u003cscript>alert(1)\u003c/script>"}</script>"#), "{page}");
        assert_eq!(page.matches("</script>").count(), INDEX.matches("</script>").count());
    }
}
