//! Tables as bytes: CSV for people and spreadsheets, Parquet for programs. The same frame always gives the same bytes.

use polars::prelude::{Column, DataFrame, DataType, NamedFrom, PolarsResult, Series};
use polars_io::prelude::{CsvWriter, ParquetWriter, SerWriter};

use super::text::inert;

/// CSV with a header, `\n` after every row, shortest floats, empty cells for what is absent, and text that no
/// spreadsheet takes for a formula.
pub(super) fn csv(table: &DataFrame) -> PolarsResult<Vec<u8>> {
    let columns = table.columns().iter().map(disarmed).collect::<PolarsResult<Vec<_>>>()?;
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).include_header(true).finish(&mut DataFrame::new(table.height(), columns)?)?;
    Ok(bytes)
}

/// Parquet, with text as it is.
pub(super) fn parquet(table: &DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table.clone())?;
    Ok(bytes)
}

fn disarmed(column: &Column) -> PolarsResult<Column> {
    if *column.dtype() != DataType::String {
        return Ok(column.clone());
    }
    let cells: Vec<Option<String>> = column.str()?.iter().map(|cell| cell.map(inert)).collect();
    Ok(Series::new(column.name().clone(), cells).into())
}
