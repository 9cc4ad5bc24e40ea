//! `predictions.csv` (RFC 4180, LF line ends): id, formula, split, actual, predicted and
//! error of every row, and its uncertainty where the model says one, units in the header, every number the shortest text that reads
//! back as the same f64.

use super::{Prediction, ReportProblem, Target};

const NAME: &str = "predictions.csv";

/// The bytes of `predictions.csv`, rows in the order given; error = predicted − actual.
pub(super) fn predictions(
    target: &Target,
    rows: &[Prediction],
) -> Result<Vec<u8>, ReportProblem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let [actual, predicted, error] =
        ["actual", "predicted", "error"].map(|name| target.with_unit(name));
    let problem = |e: csv::Error| ReportProblem::compose(NAME, e);
    let unsure = rows.iter().any(|row| row.uncertainty.is_some());
    let uncertainty = target.with_unit("uncertainty");
    let mut head = vec!["id", "formula", "split", &actual, &predicted, &error];
    head.extend(unsure.then_some(&*uncertainty));
    writer.write_record(head).map_err(problem)?;
    for row in rows {
        let [actual, predicted, error] =
            [row.actual, row.predicted, row.predicted - row.actual]
                .map(|x| format!("{x:?}"));
        let split = row.split.as_str();
        let sigma = row
            .uncertainty
            .map(|x| format!("{x:?}"))
            .unwrap_or_default();
        let mut cells = vec![&*row.id, &row.formula, split, &actual, &predicted, &error];
        cells.extend(unsure.then_some(&*sigma));
        writer.write_record(cells).map_err(problem)?;
    }
    writer
        .into_inner()
        .map_err(|e| ReportProblem::compose(NAME, e))
}

#[cfg(test)]
mod tests {
    use super::super::Split;
    use super::*;

    fn text(unit: &str, rows: &[Prediction]) -> String {
        let target = Target {
            name: "energy".to_owned(),
            unit: unit.to_owned(),
        };
        String::from_utf8(predictions(&target, rows).unwrap()).unwrap()
    }

    #[test]
    fn fields_are_quoted_and_numbers_read_back() {
        let rows = [
            Prediction {
                id: "a,\"b\"".to_owned(),
                formula: "Li\n2O".to_owned(),
                split: Split::Val,
                actual: 0.1,
                predicted: 0.1 + 0.2,
                uncertainty: None,
            },
            Prediction {
                id: "é".to_owned(),
                formula: String::new(),
                split: Split::Test,
                actual: -2.0,
                predicted: 1e-300,
                uncertainty: None,
            },
        ];
        let got = text("eV/atom", &rows);
        let expected = "id,formula,split,actual (eV/atom),predicted (eV/atom),\
            error (eV/atom)\n\
            \"a,\"\"b\"\"\",\"Li\n2O\",val,0.1,0.30000000000000004,0.20000000000000004\n\
            é,,test,-2.0,1e-300,2.0\n";
        assert_eq!(got, expected);

        let mut reader = csv::Reader::from_reader(got.as_bytes());
        let back: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        for (row, record) in rows.iter().zip(&back) {
            assert_eq!(&record[0], row.id);
            assert_eq!(&record[1], row.formula);
            assert_eq!(record[4].parse::<f64>().unwrap(), row.predicted);
        }
    }

    #[test]
    fn a_plain_number_has_no_brackets() {
        assert_eq!(text("", &[]), "id,formula,split,actual,predicted,error\n");
    }
}
