//! `por ownership import`: what a published wallet file shows.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Exit};
use crate::ownership::{Finding, Found, Links, Summary, import};
use crate::terminal::progress;

/// Check a wallet file that an exchange has published: addresses that signed a fixed text
///
/// Such signatures are undated at best: they name no block, no nonce and no log, and may be of any age and for anybody.
/// Exits 0 if every row is undated or signed by owners whom --collected links to the address, 1 if one is invalid, 6 if
/// none is invalid but one is undecided or signed by owners whom nothing links to the address.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Layouts, told apart by their header: coin,address,… (7 columns); digitalAsset,network,address,… (9); \
    coin,Network,Snapshot Height,address,… (11); the same with Type (12). What stands before the header is not judged.\n\
    The files name no scheme, and exactly one is tried for each chain."
)]
pub struct ImportOwnership {
    /// The CSV file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What `por reserves collect` wrote of the Safes in the file: their storage says who owns them
    #[arg(long, value_name = "DIR")]
    pub collected: Option<PathBuf>,
    /// Print JSON: one object a row, then one with the summary
    #[arg(long)]
    pub json: bool,
}

impl ImportOwnership {
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] where no layout is recognised, no row follows it, or what was collected does not hold.
    pub fn run(self) -> Result<Exit, Error> {
        let path = self.file.as_path();
        let links = self.collected.as_deref().map(Links::read);
        let links = links.transpose()?.unwrap_or_default();
        let mut output = BufWriter::new(io::stdout().lock());
        let mut tell = |found: &Found| {
            if self.json {
                serde_json::to_writer(&mut output, found)?;
                output.write_all(b"\n")
            } else {
                write_row(&mut output, found)
            }
        };
        let summary = if path == Path::new("-") {
            import(&mut io::stdin().lock(), &links, &mut tell, &|_| ())
        } else {
            let file = File::open(path).map_err(Error::io(path))?;
            let bytes = file.metadata().map_or(0, |metadata| metadata.len());
            let bar = progress::bar(bytes, "bytes of rows");
            let summary = import(&mut BufReader::new(file), &links, &mut tell, &|read| {
                bar.inc(read)
            });
            bar.finish_and_clear();
            summary
        };
        let summary = summary.map_err(Error::io(path))?;
        if summary.rows == 0 {
            return Err(nothing(path, &summary));
        }
        let written = if self.json {
            serde_json::to_writer(&mut output, &serde_json::json!({ "summary": summary }))
                .map_err(io::Error::from)
                .and_then(|()| output.write_all(b"\n"))
        } else {
            write_summary(&mut output, &summary)
        };
        written
            .and_then(|()| output.flush())
            .map_err(Error::io(Path::new("standard output")))?;
        Ok(match summary {
            Summary { invalid: 1.., .. } => Exit::False,
            Summary {
                rows,
                undated,
                owner_linked,
                ..
            } if rows == undated + owner_linked => Exit::Ok,
            _ => Exit::CannotTell,
        })
    }
}

/// Nothing was checked, which is no way to pass.
fn nothing(path: &Path, summary: &Summary) -> Error {
    let why = if summary.columns == 0 {
        "no line is the header of a layout that is known"
    } else {
        "there is no row after the header"
    };
    let remedy = "Give a published wallet file with 7, 9, 11 or 12 columns; `--help` shows them.";
    Error::input(path, why, remedy)
}

/// One line a row. What the file says is escaped: it may hold anything.
fn write_row(output: &mut dyn Write, found: &Found) -> io::Result<()> {
    let row = &found.row;
    let words = match row.verdict {
        Finding::Undated => format!("undated: signed \"{}\"", row.message.escape_debug()),
        Finding::OwnerLinked => format!(
            "owners' signatures, {}: {} signed \"{}\"",
            row.reason.escape_debug(),
            row.signers.join(" and "),
            row.message.escape_debug()
        ),
        Finding::OwnerNotLinked => format!(
            "owner's signature, no link: {} signed \"{}\"",
            row.signers.join(" and "),
            row.message.escape_debug()
        ),
        Finding::Invalid => format!("invalid: {}", row.reason.escape_debug()),
        Finding::Undecided => format!("undecided: {}", row.reason.escape_debug()),
    };
    writeln!(
        output,
        "line {}: {} {} {}: {words}",
        found.line,
        row.coin.escape_debug(),
        row.network.escape_debug(),
        row.address.escape_debug()
    )
}

fn write_summary(output: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    writeln!(
        output,
        "{} rows in {} columns: {} undated, {} signed by owners with a link, {} by owners without one, {} invalid, {} undecided\n\
         {} addresses hold a fixed text signed by their own keys; {} signers in all\n\
         A fixed text shows neither when nor for whom it was signed.",
        summary.rows,
        summary.columns,
        summary.undated,
        summary.owner_linked,
        summary.owner_not_linked,
        summary.invalid,
        summary.undecided,
        summary.addresses,
        summary.signers
    )
}
