//! The paths of code, read from its tokens, so that those inside of macros are seen too.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// A path as it is written: `["std", "fs", "write"]`.
pub(super) type Segments = Vec<String>;

/// Every path of some code, with what its braces hold as paths of their own; generic arguments are left out.
pub(super) fn of(code: TokenStream) -> Vec<Segments> {
    let mut found = Vec::new();
    walk(code, &[], &mut found);
    found
}

/// Reads tokens; `before` is what stands in front of the braces around them, if those are a group of paths.
fn walk(code: TokenStream, before: &[String], found: &mut Vec<Segments>) {
    let mut reader = Reader { before, path: Vec::new(), colons: 0, found };
    for token in code {
        reader.hear(token);
    }
    reader.end();
}

struct Reader<'r> {
    before: &'r [String],
    path: Segments,
    /// How many colons came just now.
    colons: usize,
    found: &'r mut Vec<Segments>,
}

impl Reader<'_> {
    fn hear(&mut self, token: TokenTree) {
        let goes_on = self.colons == 2;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                // `a: b` has one colon that stands alone.
                if self.colons == 1 || punct.spacing() == Spacing::Joint {
                    self.colons += 1;
                } else {
                    self.end();
                }
            }
            TokenTree::Ident(ident) => {
                if !goes_on {
                    self.end();
                    self.path.extend_from_slice(self.before);
                }
                self.colons = 0;
                // Of `{self}` the path is what stands before the braces.
                if ident != "self" || self.path.is_empty() {
                    self.path.push(ident.to_string().trim_start_matches("r#").to_owned());
                }
            }
            TokenTree::Group(group) => self.group(&group, goes_on),
            TokenTree::Punct(_) | TokenTree::Literal(_) => self.end(),
        }
    }

    fn group(&mut self, group: &Group, goes_on: bool) {
        if goes_on && group.delimiter() == Delimiter::Brace {
            let path = std::mem::take(&mut self.path);
            self.colons = 0;
            walk(group.stream(), &path, self.found);
        } else {
            self.end();
            walk(group.stream(), &[], self.found);
        }
    }

    fn end(&mut self) {
        self.colons = 0;
        let path = std::mem::take(&mut self.path);
        if !path.is_empty() {
            self.found.push(path);
        }
    }
}
