//! The four layouts of published wallet files, told apart by their headers.
//!
//! | columns | header |
//! |---|---|
//! | 7 | `coin,address,amount,message,signature1,signature2,redeem script/ public key` |
//! | 9 | `digitalAsset,network,address,signedMessage,signedMessage2,message,publicKey,owner1,owner2` |
//! | 11 | `coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2` |
//! | 12 | the same with `Type` behind `coin` |
//!
//! Headers are compared without regard to case and spaces; the rows are taken byte for byte. A row may leave out fields at
//! its end, as published rows do, but has no more of them than the header.
//!
//! Source: okx/proof-of-reserves, `example/` and `common/csv_parser.go`.

use std::str;

/// One of the four layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Coins, no networks, no owners.
    Seven,
    /// Networks and owners, no amounts.
    Nine,
    /// Coins, networks, amounts and owners.
    Eleven,
    /// The same, and whether the coin is staked.
    Twelve,
}

const SEVEN: [&str; 7] = [
    "coin",
    "address",
    "amount",
    "message",
    "signature1",
    "signature2",
    "redeemscript/publickey",
];
const NINE: [&str; 9] = [
    "digitalasset",
    "network",
    "address",
    "signedmessage",
    "signedmessage2",
    "message",
    "publickey",
    "owner1",
    "owner2",
];
const ELEVEN: [&str; 11] = [
    "coin",
    "network",
    "snapshotheight",
    "address",
    "amount",
    "message",
    "signature1",
    "signature2",
    "redeemscript/publickey",
    "eoa1",
    "eoa2",
];
const TWELVE: [&str; 12] = [
    "coin",
    "type",
    "network",
    "snapshotheight",
    "address",
    "amount",
    "message",
    "signature1",
    "signature2",
    "redeemscript/publickey",
    "eoa1",
    "eoa2",
];

/// A row in words of one layout for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Coin as the publisher names it.
    pub coin: String,
    /// Network as the publisher names it; empty where the layout has none.
    pub network: String,
    /// `Native ETH Staking` and the like; empty where the layout has none.
    pub kind: String,
    /// Address as written.
    pub address: String,
    /// Balance as written, not judged here.
    pub amount: String,
    /// The signed text, as written.
    pub message: String,
    /// The signatures that are there, in their order.
    pub signatures: Vec<String>,
    /// Script or public key, whichever the chain needs.
    pub script_or_key: String,
    /// The owners that are there, in their order.
    pub owners: Vec<String>,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 4] = [Self::Seven, Self::Nine, Self::Eleven, Self::Twelve];

    /// How many columns it has.
    #[must_use]
    pub fn columns(self) -> usize {
        self.header().len()
    }

    fn header(self) -> &'static [&'static str] {
        match self {
            Self::Seven => &SEVEN,
            Self::Nine => &NINE,
            Self::Eleven => &ELEVEN,
            Self::Twelve => &TWELVE,
        }
    }

    /// The layout whose header this line is.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        let fields = fields(line).ok()?;
        let plain = |field: &String| field.replace(' ', "").to_ascii_lowercase();
        let found: Vec<String> = fields.iter().map(plain).collect();
        Self::ALL
            .into_iter()
            .find(|layout| layout.header().iter().eq(&found))
    }

    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn row(self, line: &[u8]) -> Result<Row, String> {
        let fields = fields(line)?;
        if fields.len() > self.columns() {
            return Err(format!(
                "{} fields, and the header has {}",
                fields.len(),
                self.columns()
            ));
        }
        let field = |names: &[&str]| {
            let place = self.header().iter().position(|name| names.contains(name));
            match place
                .and_then(|place| fields.get(place))
                .map(String::as_str)
            {
                // Some exporters write what their language prints for nothing.
                None | Some("null") => String::new(),
                Some(text) => text.to_owned(),
            }
        };
        let several = |one: &[&str], two: &[&str]| {
            let mut found = vec![field(one), field(two)];
            found.retain(|text| !text.is_empty());
            found
        };
        Ok(Row {
            coin: field(&["coin", "digitalasset"]),
            network: field(&["network"]),
            kind: field(&["type"]),
            address: field(&["address"]),
            amount: field(&["amount"]),
            message: field(&["message"]),
            signatures: several(
                &["signature1", "signedmessage"],
                &["signature2", "signedmessage2"],
            ),
            script_or_key: field(&["redeemscript/publickey", "publickey"]),
            owners: several(&["eoa1", "owner1"], &["eoa2", "owner2"]),
        })
    }
}

/// The fields of one line (RFC 4180). A quoted field that goes on in the next line is refused.
fn fields(line: &[u8]) -> Result<Vec<String>, String> {
    let quotes = line.iter().filter(|byte| **byte == b'"').count();
    if quotes % 2 == 1 {
        return Err("a quotation mark is not closed in this line".into());
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.contains(&b'\r') {
        return Err("a carriage return in the line".into());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(line);
    let mut record = csv::ByteRecord::new();
    reader
        .read_byte_record(&mut record)
        .map_err(|error| error.to_string())?;
    record
        .iter()
        .map(|field| {
            str::from_utf8(field)
                .map(String::from)
                .map_err(|_| "not UTF-8".into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        for layout in Layout::ALL {
            let header = layout.header().join(",");
            assert_eq!(Layout::of(header.as_bytes()), Some(layout));
            let other = format!("\u{feff}{}\r", header.to_uppercase().replace(',', " , "));
            assert_eq!(Layout::of(other.as_bytes()), Some(layout));
            let cut = header.rsplit_once(',').unwrap().0;
            assert_eq!(Layout::of(cut.as_bytes()), None);
            assert_eq!(Layout::of(format!("{header},more").as_bytes()), None);
        }
        assert_eq!(Layout::of(b"coin,snapshot height,amount"), None);
        assert_eq!(Layout::of(b""), None);
    }

    #[test]
    fn short_rows_are_filled_and_long_ones_refused() {
        let row = Layout::Seven.row(b"ETH,0x00,1,text,sig,null,").unwrap();
        assert_eq!(row.signatures, ["sig"]);
        assert_eq!(row.script_or_key, "");
        assert_eq!(Layout::Seven.row(b"ETH,0x00").unwrap().message, "");
        assert!(Layout::Seven.row(b"1,2,3,4,5,6,7,8").is_err());
        assert!(Layout::Seven.row(b"ETH,\"0x00").is_err());
        assert!(Layout::Seven.row(b"ETH,\xff").is_err());
        assert!(Layout::Seven.row(b"ETH\rBTC").is_err());
    }

    #[test]
    fn s_11_the_message_is_taken_byte_for_byte() {
        let row = Layout::Seven.row("ETH,0x00,1, text ,s,,".as_bytes());
        assert_eq!(row.unwrap().message, " text ");
    }
}
