//! A Python file as text in which only code is left to be seen.

/// A source, with comments and the insides of strings blanked out byte for byte, so that places are those of the file.
#[derive(Debug)]
pub(super) struct Code {
    code: String,
}

/// Bases that are looked at for a constructor.
const MOST_BASES: usize = 100;

/// What is known of the constructor of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constructor<'s> {
    /// It is that of another class.
    Inherited,
    /// What stands between its parentheses, `self` included.
    Takes(&'s str),
}

/// Whether a word is a name in Python. Names beyond ASCII are refused: Python takes several spellings for one of them.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Code {
    /// Blanks a file.
    pub(super) fn of(text: &str) -> Self {
        let mut code = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some(&first) = rest.first() {
            let length = match first {
                b'#' => rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()),
                b'"' | b'\'' => string(rest),
                _ => {
                    code.push(first);
                    rest = &rest[1..];
                    continue;
                }
            };
            let (blank, after) = rest.split_at(length);
            // A string stays visible as one, so that a default that is a text doesn't look like none.
            let mark = |(place, &byte): (usize, &u8)| match byte {
                b'\n' => b'\n',
                _ if first != b'#' && (place == 0 || place + 1 == blank.len()) => first,
                _ => b' ',
            };
            code.extend(blank.iter().enumerate().map(mark));
            rest = after;
        }
        // Only whole characters were blanked, or none of their bytes.
        Self { code: String::from_utf8_lossy(&code).into_owned() }
    }

    /// Names of the functions that are defined at the top level, in order.
    pub(super) fn functions(&self) -> impl Iterator<Item = &str> {
        self.code.lines().filter_map(|line| {
            let name = line.strip_prefix("def ")?.trim_start();
            name.find('(').map(|end| name[..end].trim_end()).filter(|name| is_name(name))
        })
    }

    /// Names of the classes that are defined at the top level, in order.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.code.lines().filter_map(class_of)
    }

    /// What stands between the parentheses of a function at the top level: the last of that name, as Python has it.
    pub(super) fn parameters(&self, function: &str) -> Option<&str> {
        let line = self.code.lines().rfind(|line| defines(line, function))?;
        self.between_parentheses(line)
    }

    /// The constructor of a class at the top level: its own, or that of the first of its bases that are defined here as well.
    pub(super) fn constructor(&self, class: &str) -> Option<Constructor<'_>> {
        let mut found = self.own_constructor(class)?;
        let mut bases = self.bases(class);
        // Where classes are each other's bases, which Python refuses, this ends all the same.
        for _ in 0..MOST_BASES {
            let Some(base) = bases.pop().filter(|_| found == Constructor::Inherited) else { break };
            found = self.own_constructor(base).unwrap_or(Constructor::Inherited);
            bases.extend(self.bases(base));
        }
        Some(found)
    }

    /// The bases of a class at the top level, the first last.
    fn bases(&self, class: &str) -> Vec<&str> {
        let header = self.code.lines().rfind(|line| class_of(line) == Some(class));
        let list = header.and_then(|line| self.between_parentheses(line));
        list.map_or_else(Vec::new, |list| parts(list).into_iter().rev().collect())
    }

    fn own_constructor(&self, class: &str) -> Option<Constructor<'_>> {
        let header = self.code.lines().rfind(|line| class_of(line) == Some(class))?;
        let body = &self.code[self.place(header) + header.len()..];
        let is_over = |line: &&str| line.starts_with(|first: char| !first.is_whitespace() && first != ')');
        let body = body.lines().skip(1).take_while(|line| !is_over(line));
        let constructors = body.filter(|line| defines(line.trim_start(), "__init__"));
        // A class within the class has one too, further to the right.
        let own = constructors.min_by_key(|line| line.len() - line.trim_start().len());
        let own = own.and_then(|line| self.between_parentheses(line));
        Some(own.map_or(Constructor::Inherited, Constructor::Takes))
    }

    /// Where a line of the code begins.
    fn place(&self, line: &str) -> usize {
        line.as_ptr() as usize - self.code.as_ptr() as usize
    }

    fn between_parentheses(&self, line: &str) -> Option<&str> {
        let inside = self.place(line) + line.find('(')? + 1;
        let length = closing(&self.code[inside..])?;
        Some(&self.code[inside..inside + length])
    }

    /// The statements, one by one, without the spaces around them; what brackets hold together is not told apart.
    pub(super) fn statements(&self) -> impl Iterator<Item = &str> {
        self.code.lines().flat_map(|line| line.split(';')).map(str::trim)
    }
}

/// Whether a line begins the definition of this function.
fn defines(line: &str, function: &str) -> bool {
    let name = line.strip_prefix("def ").map(str::trim_start);
    name.and_then(|name| name.strip_prefix(function)).is_some_and(|after| after.trim_start().starts_with('('))
}

/// The class that a line begins to define at the top level.
fn class_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("class ")?.trim_start();
    rest.find(['(', ':']).map(|end| rest[..end].trim_end()).filter(|name| is_name(name))
}

/// Length of the string that begins here, to its end or that of the file or, where it is not closed, of the line.
fn string(text: &[u8]) -> usize {
    let quote = text[0];
    let triple = [quote; 3];
    let (closing, start): (&[u8], usize) =
        if text.starts_with(&triple) { (&triple, 3) } else { (&triple[..1], 1) };
    let mut place = start;
    while place < text.len() {
        if text[place..].starts_with(closing) {
            return place + closing.len();
        }
        match text[place] {
            b'\n' if closing.len() == 1 => return place,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    text.len()
}

/// Where the bracket that is open at the start closes.
fn closing(code: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (place, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' if open == 0 => return Some(place),
            b')' | b']' | b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// The parts of a list between the commas that no bracket encloses.
pub(super) fn parts(list: &str) -> Vec<&str> {
    let (mut parts, mut open, mut start) = (Vec::new(), 0_usize, 0);
    for (place, byte) in list.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b',' if open == 0 => {
                parts.push(&list[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}
