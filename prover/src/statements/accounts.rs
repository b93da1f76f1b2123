//! Every account of a run in order, with its balances in all books: the books' rows are sorted, so they are merged and
//! never held.

use std::iter::Peekable;

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use super::issuer::Balances;
use crate::build::BookRows;
use crate::error::Error;

type Row = Result<(AccountId, ExactAmount), Error>;
type Rows<'a> = Peekable<Box<dyn Iterator<Item = Row> + 'a>>;

/// Accounts with their balances; nothing more after an error.
pub(super) struct Accounts<'a> {
    books: Vec<Rows<'a>>,
    failed: bool,
}

impl<'a> Accounts<'a> {
    pub(super) fn of(books: impl Iterator<Item = &'a BookRows>) -> Self {
        let rows = |book: &'a BookRows| -> Rows<'a> {
            let rows = book
                .iter()
                .map(|row| row.map(|(_, who, exact)| (who, exact)));
            (Box::new(rows) as Box<dyn Iterator<Item = Row>>).peekable()
        };
        Self {
            books: books.map(rows).collect(),
            failed: false,
        }
    }

    fn merge(&mut self) -> Result<Option<(AccountId, Balances)>, Error> {
        let mut first: Option<AccountId> = None;
        for book in &mut self.books {
            match book.peek() {
                None => continue,
                Some(Err(_)) => {}
                Some(Ok((account, _))) => {
                    let behind = |other: &AccountId| account.as_str() >= other.as_str();
                    if !first.as_ref().is_some_and(behind) {
                        first = Some(account.clone());
                    }
                    continue;
                }
            }
            // Peeked at above: it is the error.
            if let Some(Err(error)) = book.next() {
                return Err(error);
            }
        }
        let Some(account) = first else {
            return Ok(None);
        };
        let mut balances = Vec::new();
        for (index, book) in self.books.iter_mut().enumerate() {
            let own = book.next_if(|row| matches!(row, Ok((other, _)) if *other == account));
            if let Some(Ok((_, exact))) = own {
                balances.push((index, exact));
            }
        }
        Ok(Some((account, balances)))
    }
}

impl Iterator for Accounts<'_> {
    type Item = Result<(AccountId, Balances), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.merge().transpose()?;
        self.failed = next.is_err();
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::write_rows;

    fn book(folder: &std::path::Path, name: &str, accounts: &[&str]) -> BookRows {
        let path = folder.join(name);
        let rows = accounts.iter().zip(1..).map(|(account, steps)| {
            let account = AccountId::new(*account).unwrap();
            (account, ExactAmount::from_steps(steps))
        });
        write_rows(&path, rows).unwrap();
        BookRows::read(&path).unwrap()
    }

    #[test]
    fn accounts_come_once_and_in_order_with_every_balance() {
        let folder = tempfile::tempdir().unwrap();
        let books = [
            book(folder.path(), "a", &["bob", "carol", "eve"]),
            book(folder.path(), "b", &[]),
            book(folder.path(), "c", &["alice", "carol"]),
        ];
        let found: Vec<_> = Accounts::of(books.iter())
            .map(|account| {
                let (account, balances) = account.unwrap();
                let balances: Vec<_> = balances
                    .into_iter()
                    .map(|(book, exact)| (book, exact.steps()))
                    .collect();
                (account.as_str().to_owned(), balances)
            })
            .collect();
        let expected = [
            ("alice", vec![(2, 1)]),
            ("bob", vec![(0, 1)]),
            ("carol", vec![(0, 2), (2, 2)]),
            ("eve", vec![(0, 3)]),
        ];
        assert_eq!(found.len(), expected.len());
        for ((account, balances), (name, steps)) in found.iter().zip(expected) {
            assert_eq!((account.as_str(), balances), (name, &steps));
        }
    }

    #[test]
    fn damaged_rows_are_an_error_and_no_shorter_list() {
        let folder = tempfile::tempdir().unwrap();
        let books = [
            book(folder.path(), "a", &["alice", "bob"]),
            book(folder.path(), "b", &["alice", "carol"]),
        ];
        let path = folder.path().join("b");
        let bytes = std::fs::read(&path).unwrap();
        // The second row's account is no UTF-8 any more.
        let mut damaged = bytes.clone();
        damaged[1 + 5 + 16 + 1] = 0xff;
        std::fs::write(&path, damaged).unwrap();
        let found: Vec<_> = Accounts::of(books.iter()).collect();
        assert!(found.iter().filter(|account| account.is_ok()).count() < 3);
        assert!(found.last().unwrap().is_err());
    }
}
