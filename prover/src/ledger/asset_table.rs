//! The asset table: a TOML file that says which assets have a book, and which coins back them.
//!
//! ```toml
//! [[asset]]
//! id = "USDT"
//! name = "Tether USD"
//! decimals = 6
//!
//! [[asset.instance]]
//! id = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7"
//! decimals = 6
//!
//! [[asset.instance]]
//! id = "eip155:56/erc20:0x55d398326f99059ff775485246999027b3197955"
//! decimals = 18
//! ```
//!
//! Checked here: the form, and that a chain's own coin has the chain's number and decimals. What an asset and an instance
//! are is checked by [`por_protocol::asset`]; a token's decimals are *not* checked here, but against its contract when
//! reserves are read.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use por_protocol::asset::{Asset, AssetTable};
use por_protocol::native_coin::NativeCoin;
use serde::Deserialize;
use toml::Spanned;

use super::error::{LedgerError, Place, Reason, escaped};
use super::source::Source;

/// Largest file: four thousand assets with a dozen instances each.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    asset: Vec<Spanned<Asset>>,
}

/// Reads an asset table.
///
/// # Errors
/// [`LedgerError`] with the place of the first mistake.
pub fn read_asset_table(path: &Path) -> Result<AssetTable, LedgerError> {
    let mut source = Source::open(path)?;
    if source.size() > MAX_BYTES {
        return Err(LedgerError::file(
            path,
            Reason::FileTooLarge { max: MAX_BYTES },
        ));
    }
    let mut bytes = Vec::new();
    source
        .reader()
        .read_to_end(&mut bytes)
        .map_err(|error| LedgerError::file(path, Reason::Io(error)))?;
    source.finish()?;
    let text = str::from_utf8(&bytes).map_err(|error| {
        let valid = bytes
            .get(..error.valid_up_to())
            .and_then(|valid| str::from_utf8(valid).ok())
            .unwrap_or_default();
        LedgerError::new(place(path, valid, valid.len()), Reason::InvalidUtf8)
    })?;
    parse(path, text)
}

fn parse(path: &Path, text: &str) -> Result<AssetTable, LedgerError> {
    let at = |span: Option<Range<usize>>| {
        span.map_or(Place::file(path), |span| place(path, text, span.start))
    };
    let File { asset } = toml::from_str(text).map_err(|error| {
        let message = escaped(error.message(), usize::MAX);
        LedgerError::new(at(error.span()), Reason::Toml { message })
    })?;
    let (spans, assets): (Vec<_>, Vec<_>) = asset
        .into_iter()
        .map(|asset| (asset.span(), asset.into_inner()))
        .unzip();
    let table = AssetTable::new(assets).map_err(|error| {
        let span = error.index().and_then(|index| spans.get(index).cloned());
        LedgerError::new(at(span), Reason::Table(error))
    })?;
    for (asset, span) in table.iter().zip(spans) {
        for instance in asset.instances() {
            NativeCoin::check(instance).map_err(|error| {
                LedgerError::new(at(Some(span.clone())), Reason::NativeCoin(error))
            })?;
        }
    }
    Ok(table)
}

/// Line and column of a byte of the text.
fn place(path: &Path, text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    Place {
        file: path.to_owned(),
        line: Some(before.matches('\n').count() as u64 + 1),
        column: Some(before[start..].chars().count() as u64 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"# coins
[[asset]]
id = "BTC"
name = "Bitcoin"
decimals = 8
[[asset.instance]]
id = "bip122:000000000019d6689c085ae165831e93/slip44:0"
decimals = 8

[[asset]]
id = "ETH"
name = "Ether"
decimals = 8
[[asset.instance]]
id = "eip155:1/slip44:60"
decimals = 18
"#;

    fn refuse(text: &str) -> (String, String) {
        let error = parse(Path::new("assets.toml"), text).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(!error.remedy().is_empty());
        (error.code().to_owned(), error.to_string())
    }

    #[test]
    fn a_table_is_read_in_its_order() {
        let table = parse(Path::new("assets.toml"), GOOD).unwrap();
        let ids: Vec<_> = table.iter().map(|asset| asset.id().as_str()).collect();
        assert_eq!(ids, ["BTC", "ETH"]);
        assert_eq!(table.as_slice()[1].ledger_decimals().get(), 18);
    }

    #[test]
    fn m_06_an_asset_twice_is_refused_with_its_line() {
        let twice = GOOD.replace("\"ETH\"", "\"BTC\"");
        let expect = (
            "asset-duplicate".to_owned(),
            "assets.toml:10:1: the asset BTC is listed twice".to_owned(),
        );
        assert_eq!(refuse(&twice), expect);
        for id in ["btc", "BTC ", " BTC"] {
            let (code, text) = refuse(&GOOD.replace("\"ETH\"", &format!("{id:?}")));
            assert_eq!(code, "asset-table-form");
            assert!(
                text.starts_with("assets.toml:11:6: an asset id is made of A-Z"),
                "{text}"
            );
        }
    }

    #[test]
    fn s_12_an_instance_under_two_assets_is_refused_with_its_line() {
        let both = GOOD.replace(
            "eip155:1/slip44:60",
            "bip122:000000000019d6689c085ae165831e93/slip44:0",
        );
        let (code, text) = refuse(&both);
        assert_eq!(code, "instance-duplicate");
        assert!(
            text.starts_with("assets.toml:10:1: the instance bip122:"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_expected_is_refused_with_its_place() {
        for (from, to, place) in [
            (
                "decimals = 18",
                "decimals = 39",
                "assets.toml:16:12: 39 decimals",
            ),
            ("decimals = 18", "decimals = 18.0", "assets.toml:16:12: "),
            ("decimals = 18", "decimals = \"18\"", "assets.toml:16:12: "),
            ("decimals = 18", "decimals = -1", "assets.toml:16:12: "),
            (
                "decimals = 18",
                "decimals = 18\ndecimals = 18",
                "assets.toml:17:1: duplicate key",
            ),
            (
                "decimals = 18",
                "decimals = 18\ncolour = 1",
                "assets.toml:17:1: unknown field `colour`",
            ),
            (
                "decimals = 18",
                "decimals = 18\n\"c\\u001b[2J\" = 1",
                "assets.toml:17:1: unknown field `c\\u{1b}[2J`",
            ),
            (
                "decimals = 18",
                "",
                "assets.toml:14:1: missing field `decimals`",
            ),
            (
                "slip44:60",
                "slip44:060",
                "assets.toml:15:6: the asset reference",
            ),
            (
                "name = \"Ether\"",
                "name = \"\"",
                "assets.toml:10:1: the name of the asset is empty",
            ),
            ("# coins", "coins", "assets.toml:1:6: "),
            ("# coins", "x = 1", "assets.toml:1:1: unknown field `x`"),
        ] {
            let (code, text) = refuse(&GOOD.replace(from, to));
            assert_eq!(code, "asset-table-form");
            assert!(text.starts_with(place), "{to}: {text}");
        }
        assert_eq!(refuse("").0, "asset-table-form");
        assert_eq!(refuse("asset = []").0, "asset-count");
        assert_eq!(
            refuse("asset = [[\"BTC\", \"Bitcoin\", 8, []]]").0,
            "asset-table-form"
        );
    }

    #[test]
    fn b_04_a_native_coin_with_other_decimals_is_refused_with_its_line() {
        let (code, text) = refuse(&GOOD.replace("decimals = 18", "decimals = 6"));
        assert_eq!(code, "native-coin");
        assert!(
            text.starts_with("assets.toml:10:1: native coin does not match: ETH on eip155:1 has 18 decimals, not 6"),
            "{text}"
        );
        let (code, text) = refuse(&GOOD.replace("slip44:60", "slip44:61"));
        assert_eq!(code, "native-coin");
        assert!(text.contains("slip44:60, not slip44:61"), "{text}");
    }

    #[test]
    fn files_that_are_no_table_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("assets.toml");
        assert_eq!(read_asset_table(&path).unwrap_err().exit_code(), 4);
        assert_eq!(
            read_asset_table(folder.path()).unwrap_err().code(),
            "input-not-a-file"
        );
        std::fs::write(&path, b"# caf\xc3\xa9\n# \xff").unwrap();
        let error = read_asset_table(&path).unwrap_err();
        assert_eq!(
            (error.code(), error.place().line, error.place().column),
            ("input-invalid-utf-8", Some(2), Some(3))
        );
        std::fs::File::create(&path)
            .unwrap()
            .set_len(MAX_BYTES + 1)
            .unwrap();
        assert_eq!(
            read_asset_table(&path).unwrap_err().code(),
            "input-too-large"
        );
        std::fs::write(&path, GOOD).unwrap();
        assert!(read_asset_table(&path).is_ok());
    }
}
