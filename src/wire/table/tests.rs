//! The same rows from every kind of file, and what is wrong told with its line.

use super::*;
use crate::base::json::json;

fn csv(text: impl AsRef<[u8]>) -> Table {
    read(Format::Csv, text.as_ref()).unwrap()
}

fn code(format: Format, text: impl AsRef<[u8]>) -> (&'static str, Option<usize>) {
    let fault = read(format, text.as_ref()).unwrap_err();
    (fault.code, fault.line)
}

fn cells(table: &Table) -> Vec<Value> {
    table.rows.iter().map(|row| Value::Object(row.cells.clone())).collect()
}

#[test]
fn names_say_the_kind() {
    assert_eq!(Format::of_name("a.b.CSV"), Some(Format::Csv));
    assert_eq!(Format::of_name("rows.jsonl"), Some(Format::JsonLines));
    assert_eq!(Format::of_name("rows.xls"), None);
    assert_eq!(Format::of_name("csv"), None);
}

#[test]
fn every_kind_of_file_gives_the_same_rows() {
    let expected = vec![
        json!({"rowKey": "1", "name": "张三", "points": "12", "area": "89.5", "on": "2026-03-01"}),
        json!({"rowKey": "2", "name": "李四", "at": "2026-03-01 08:30:00"}),
    ];
    let text = "rowKey,name,points,area,on,at\n1,张三,12,89.5,2026-03-01,\n2,李四,,,,2026-03-01 08:30:00\n";
    assert_eq!(cells(&csv(text)), expected);
    assert_eq!(cells(&csv(format!("\u{feff}{text}"))), expected);
    assert_eq!(cells(&csv(encoding_rs::GB18030.encode(text).0)), expected);
    let array = r#"[{"rowKey":1,"name":"张三","points":12,"area":89.5,"on":"2026-03-01","at":null},
                    {"rowKey":"2","name":"李四","points":"","at":"2026-03-01 08:30:00"}]"#;
    assert_eq!(cells(&read(Format::Json, array.as_bytes()).unwrap()), expected);
    let lines = expected.iter().map(Value::to_string).collect::<Vec<_>>().join("\r\n\r\n");
    let table = read(Format::JsonLines, lines.as_bytes()).unwrap();
    assert_eq!(cells(&table), expected);
    assert_eq!(table.rows[1].line, 3);
    assert_eq!(cells(&read(Format::Xlsx, &workbook()).unwrap()), expected);
}

/// The rows of the test above as a spreadsheet has them: typed numbers and dates, an empty row between.
fn workbook() -> Vec<u8> {
    use rust_xlsxwriter::{ExcelDateTime, Format as Style, Workbook};
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["rowKey", "name", "points", "area", "on", "at"]) {
        sheet.write(0, column, name).unwrap();
    }
    let day = Style::new().set_num_format("yyyy-mm-dd");
    let time = Style::new().set_num_format("yyyy-mm-dd hh:mm");
    sheet.write(1, 0, 1).unwrap();
    sheet.write(1, 1, "张三").unwrap();
    sheet.write(1, 2, 12).unwrap();
    sheet.write(1, 3, 89.5).unwrap();
    sheet.write_with_format(1, 4, ExcelDateTime::from_ymd(2026, 3, 1).unwrap(), &day).unwrap();
    sheet.write(3, 0, "2").unwrap();
    sheet.write(3, 1, "李四").unwrap();
    let at = ExcelDateTime::from_ymd(2026, 3, 1).unwrap().and_hms(8, 30, 0).unwrap();
    sheet.write_with_format(3, 5, &at, &time).unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn rows_of_a_sheet_have_the_sheet_s_numbers() {
    let table = read(Format::Xlsx, &workbook()).unwrap();
    assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(code(Format::Xlsx, "PK, but no workbook").0, "xlsx_malformed");
}

#[test]
fn lines_are_counted_through_quotes_blank_lines_and_either_line_end() {
    for end in ["\n", "\r\n"] {
        let text = ["a,b", "1,\"x", "y\"", "", "", "2,z", ",", "3,w"].join(end);
        let table = csv(&text);
        assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6, 8], "{end:?}");
    }
}

#[test]
fn a_broken_row_does_not_take_the_others_with_it() {
    let table = csv("a,b\n1\n2,3,4\n5,6\n");
    let codes: Vec<_> = table.rows.iter().map(|row| row.fault.as_ref().map(|fault| (fault.code, fault.line))).collect();
    assert_eq!(codes, [Some(("too_few_cells", Some(2))), Some(("cell_without_column", Some(3))), None]);
    let table = read(Format::JsonLines, b"{\"a\":1}\n{\"a\":1,\"a\":2}\n[]\n").unwrap();
    assert_eq!(table.rows.iter().map(|row| row.fault.is_some()).collect::<Vec<_>>(), [false, true, true]);
    let long = csv(format!("a,b\n1,\"{}\n", "x".repeat(LONGEST_CELL + 1)));
    assert_eq!(long.rows[0].fault.as_ref().unwrap().code, "cell_too_long");
}

#[test]
fn what_is_no_table_is_refused_with_a_reason() {
    assert_eq!(code(Format::Csv, "").0, "table_empty");
    assert_eq!(code(Format::Csv, "a,b\n"), ("table_empty", None));
    assert_eq!(code(Format::Csv, "a,b,a\n1,2,3"), ("column_twice", Some(1)));
    assert_eq!(code(Format::Csv, [b'a', b'\n', 0xff, 0xff]).0, "table_encoding");
    assert_eq!(code(Format::Csv, ",".repeat(MOST_COLUMNS + 1)).0, "too_many_columns");
    assert_eq!(code(Format::Json, "[{}, 1]"), ("row_not_object", Some(2)));
    assert_eq!(code(Format::Json, "{\"a\":"), ("json_malformed", None));
    let many = format!("a\n{}", "1\n".repeat(MOST_ROWS + 1));
    assert_eq!(code(Format::Csv, many), ("too_many_rows", Some(MOST_ROWS + 2)));
}
