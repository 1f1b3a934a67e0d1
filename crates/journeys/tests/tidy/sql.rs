//! Which tables a statement names, and whether it writes them.

/// A table that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    pub table: String,
    pub writes: bool,
}

/// Words that may follow a table where an alias could stand.
const NO_ALIAS: &[&str] =
    &["WHERE", "JOIN", "LEFT", "INNER", "CROSS", "ON", "GROUP", "ORDER", "LIMIT", "FOR", "UNION", "SET", "USING", "RETURNING", "AND", "VALUES", "SELECT"];

fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let length = if word > 0 { word } else { first.len_utf8() };
        if word > 0 || matches!(first, '(' | ')' | ',' | '.') {
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found
}

fn is_name(token: Option<&&str>) -> bool {
    token.is_some_and(|token| token.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_'))
}

/// The tables of a text, keywords written in capitals. What is no SQL names none.
pub fn tables(text: &str) -> Vec<Touch> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).copied().unwrap_or("");
    let mut found = Vec::new();
    let mut add = |at: usize, writes: bool| {
        let function = tokens.get(at + 1) == Some(&"(") && !writes;
        if is_name(tokens.get(at)) && !function {
            found.push(Touch { table: tokens[at].to_owned(), writes });
        }
    };
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map_or("", word);
        match word(at) {
            "INTO" if before == "INSERT" => add(at + 1, true),
            "UPDATE" if !matches!(before, "FOR" | "DO" | "ON") => add(at + 1, true),
            "FROM" if before == "DELETE" => add(at + 1, true),
            "JOIN" => add(at + 1, false),
            "FROM" | "USING" if before != "DISTINCT" => {
                let mut next = at + 1;
                loop {
                    add(next, false);
                    next += 1 + usize::from(word(next + 1) == "AS");
                    next += usize::from(is_name(tokens.get(next)) && !NO_ALIAS.contains(&word(next)));
                    if word(next) != "," || !is_name(tokens.get(next + 1)) || word(at) == "USING" {
                        break;
                    }
                    next += 1;
                }
            }
            _ => {}
        }
    }
    found
}

/// The tables that a migration makes; one that it gives another's name at its end is that other one.
pub fn made(migration: &str) -> Vec<String> {
    let lines = migration.lines().filter_map(|line| line.trim().strip_prefix("CREATE TABLE "));
    let names = lines.filter_map(|rest| rest.trim_start_matches("IF NOT EXISTS ").split([' ', '(']).next().map(str::to_owned));
    names.filter(|name| !migration.contains(&format!("ALTER TABLE {name} RENAME TO "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        tables(text).iter().map(|touch| format!("{}{}", if touch.writes { "!" } else { "" }, touch.table)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn statements_name_their_tables() {
        assert_eq!(told("SELECT * FROM orders o, order_item i LEFT JOIN product AS p ON p.id = o.id WHERE x FOR UPDATE OF o"), "orders order_item product");
        assert_eq!(told("INSERT INTO price (a) SELECT 1 FROM product ON CONFLICT (a) DO UPDATE SET a = 1"), "!price product");
        assert_eq!(told("UPDATE stock SET a = r.a FROM rows r WHERE EXISTS (SELECT 1 FROM license WHERE b IS DISTINCT FROM c)"), "!stock rows license");
        assert_eq!(told("DELETE FROM license_key USING rows r WHERE a"), "!license_key rows");
        assert_eq!(told("SELECT a FROM (SELECT b FROM entry) x JOIN account ON true, unnest($1) u"), "entry account");
        assert_eq!(told("FROM unnest($1)"), "");
        assert_eq!(told("A letter from orders, update nothing"), "");
    }

    #[test]
    fn migrations_name_what_they_make() {
        assert_eq!(made("-- CREATE TABLE no (\nCREATE TABLE one (\n  a {int}\n);\nCREATE INDEX i ON one (a);\nCREATE TABLE two(\n"), ["one", "two"]);
    }
}
