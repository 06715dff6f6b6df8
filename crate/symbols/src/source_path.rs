//! Paths of source files.

/// Of what a directory and a name in it make when they are joined, the part from its last URL on. Compilers that are told
/// to write another beginning of paths (`-ffile-prefix-map=/src=wasisdk://v33.0`) make names that no rule for paths
/// takes for whole ones.
pub fn from_url(path: &str) -> &str {
    let Some(end) = path.rfind("://") else {
        return path;
    };
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let start = path[..end].trim_end_matches(is_of_scheme).len();
    let scheme = &path[start..end];
    // One letter is a drive.
    if scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
        &path[start..]
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_whole() {
        let libc = "wasisdk://v33.0+m/src/wasi-libc/dlmalloc/src/malloc.c";
        assert_eq!(from_url(libc), libc);
        assert_eq!(from_url(&format!("wasisdk://v33.0+m/build/{libc}")), libc);
        assert_eq!(from_url(&format!("/build/ä{libc}")), libc);
        assert_eq!(from_url("/a/b+c://d"), "b+c://d");
    }

    #[test]
    fn other_paths_stay() {
        for path in [
            "",
            "/a/b.c",
            "C:\\a\\b.c",
            "/build/C://a.c",
            "://a",
            "/a/1x://b",
        ] {
            assert_eq!(from_url(path), path);
        }
    }
}
