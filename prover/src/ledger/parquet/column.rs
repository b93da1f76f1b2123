//! One column of one row group, decoded in batches, its values as text.

use std::borrow::Cow;
use std::sync::Arc;

use parquet::basic::ConvertedType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use por_protocol::amount::AmountError;

use super::super::error::Reason;
use super::super::lines::Fault;
use super::chunk::Chunk;
use super::{library, unreadable};

/// A column on its way through the rows of a group.
pub(super) struct Column {
    name: &'static str,
    values: Values,
    levels: Vec<i16>,
    /// Digits behind the point, where the values are decimals.
    scale: Option<usize>,
}

enum Values {
    Int32(ColumnReaderImpl<Int32Type>, Vec<i32>),
    Int64(ColumnReaderImpl<Int64Type>, Vec<i64>),
    Bytes(ColumnReaderImpl<ByteArrayType>, Vec<ByteArray>),
    Fixed(
        ColumnReaderImpl<FixedLenByteArrayType>,
        Vec<FixedLenByteArray>,
    ),
}

impl Column {
    pub(super) fn open(
        pages: &Arc<Chunk>,
        metadata: &ColumnChunkMetaData,
        name: &'static str,
        rows: u64,
    ) -> Result<Self, Fault> {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let pages = SerializedPageReader::new(Arc::clone(pages), metadata, rows, None);
        let pages = pages.map_err(library)?;
        let column = metadata.column_descr_ptr();
        let decimal = column.converted_type() == ConvertedType::DECIMAL;
        let scale = usize::try_from(column.type_scale()).unwrap_or_default();
        let values = match get_column_reader(column, Box::new(pages)) {
            ColumnReader::Int32ColumnReader(reader) => Values::Int32(reader, Vec::new()),
            ColumnReader::Int64ColumnReader(reader) => Values::Int64(reader, Vec::new()),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Bytes(reader, Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Values::Fixed(reader, Vec::new())
            }
            _ => return Err(unreadable("its row groups differ from its schema")),
        };
        Ok(Self {
            name,
            values,
            levels: Vec::new(),
            scale: decimal.then_some(scale),
        })
    }

    /// Decodes the values of the next `rows` rows, of which the group has had `before`. Gives the number within this batch
    /// of the first row without a value, from 1.
    pub(super) fn read(&mut self, rows: usize, before: u64) -> Result<Option<u64>, Fault> {
        let (read, values) = self.decode(rows)?;
        if values < read {
            let null = self.levels.iter().position(|&level| level == 0);
            return Ok(Some(null.unwrap_or_default() as u64 + 1));
        }
        if read < rows {
            let found = before + read as u64;
            let name = self.name;
            let why = format!("the column `{name}` of a row group ends after {found} rows");
            return Err(unreadable(&why));
        }
        Ok(None)
    }

    /// Fails if there are more rows than the group claims.
    pub(super) fn check_end(&mut self) -> Result<(), Fault> {
        match self.decode(1)? {
            (0, _) => Ok(()),
            _ => Err(unreadable("a row group has more rows than it claims")),
        }
    }

    /// Rows read, and values among them.
    fn decode(&mut self, rows: usize) -> Result<(usize, usize), Fault> {
        let levels = &mut self.levels;
        match &mut self.values {
            Values::Int32(reader, values) => decode(reader, rows, levels, values),
            Values::Int64(reader, values) => decode(reader, rows, levels, values),
            Values::Bytes(reader, values) => decode(reader, rows, levels, values),
            Values::Fixed(reader, values) => decode(reader, rows, levels, values),
        }
    }

    /// The value of a row of the batch, written out.
    pub(super) fn text(&self, index: usize) -> Result<Cow<'_, str>, Reason> {
        let bytes = match &self.values {
            Values::Int32(_, values) => return Ok(self.decimal(values[index].into()).into()),
            Values::Int64(_, values) => return Ok(self.decimal(values[index].into()).into()),
            Values::Bytes(_, values) => values[index].data(),
            Values::Fixed(_, values) => values[index].data(),
        };
        if self.scale.is_none() {
            let text = std::str::from_utf8(bytes).map_err(|_| Reason::InvalidUtf8)?;
            return Ok(text.into());
        }
        let too_large = || Reason::Amount(AmountError::TooLarge { bits: u128::BITS });
        let unscaled = from_twos_complement(bytes).ok_or_else(too_large)?;
        Ok(self.decimal(unscaled).into())
    }

    /// Writes a decimal without the zeros that its column's scale puts behind it: a column may hold assets of more and of
    /// fewer decimals.
    fn decimal(&self, unscaled: i128) -> String {
        let scale = self.scale.unwrap_or_default();
        let sign = if unscaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }
}

fn decode<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
) -> Result<(usize, usize), Fault> {
    levels.clear();
    values.clear();
    let (read, values_read, _) = reader
        .read_records(rows, Some(levels), None, values)
        .map_err(library)?;
    Ok((read, values_read.min(values.len())))
}

/// A big-endian number of at most 16 bytes, or of more if they only repeat the sign.
fn from_twos_complement(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first()? & 0x80 != 0;
    let sign = if negative { 0xff } else { 0 };
    let extra = bytes.len().saturating_sub(16);
    let (head, tail) = bytes.split_at(extra);
    let mut number = [sign; 16];
    number[16 - tail.len()..].copy_from_slice(tail);
    let number = i128::from_be_bytes(number);
    let fits = head.iter().all(|&byte| byte == sign) && (number < 0) == negative;
    fits.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::from_twos_complement;

    #[test]
    fn numbers_of_any_length_are_read_with_their_sign_or_not_at_all() {
        for (bytes, number) in [
            (&[0x7f][..], Some(127)),
            (&[0x80], Some(-128)),
            (&[0xff, 0x7f], Some(-129)),
            (&[0; 40], Some(0)),
            (&[0xff; 40], Some(-1)),
            (&[], None),
        ] {
            assert_eq!(from_twos_complement(bytes), number, "{bytes:?}");
        }
        let most = i128::MAX.to_be_bytes();
        assert_eq!(from_twos_complement(&most), Some(i128::MAX));
        let longer = [&[0; 3][..], &most].concat();
        assert_eq!(from_twos_complement(&longer), Some(i128::MAX));
        // 2^127 has its sign in a seventeenth byte.
        let too_large = [&[0][..], &i128::MIN.to_be_bytes()].concat();
        assert_eq!(from_twos_complement(&too_large), None);
        assert_eq!(from_twos_complement(&[&[1][..], &most].concat()), None);
    }
}
