//! `soap.json`: the first site's power spectrum, the length of every site's, and the
//! inner average.

use std::path::Path;

use serde_json::Value;
use tmo::chem::soap::{Average, Soap, SoapSettings};
use tmo::chem::species::SpeciesList;

use super::descriptor_support::{
    Comparison, Summary, field, list, numbers, of, parse, read, structures,
};

/// Compare every structure of the folder.
pub fn check(folder: &Path) -> Result<Summary, String> {
    let structures = structures(folder)?;
    let file = read(folder, "soap.json")?;
    let soap =
        Soap::new(settings(field(&file, "params")?)?).map_err(|e| e.to_string())?;
    let mut comparison = Comparison::new("SOAP", 1e-10);
    for golden in list(field(&file, "data")?)? {
        let (gid, structure) = of(&structures, golden)?;
        let species = SpeciesList::of(structure);
        let width: usize = parse(golden, "n_features")?;
        if soap.width(species.len()) != width {
            return Err(format!("SOAP: {gid}: the golden has {width} values"));
        }
        let spectra = |average| {
            soap.spectra(structure, &species, average)
                .map_err(|error| format!("{gid}: {error}"))
        };
        let sites = spectra(Average::Off)?;
        let first = sites.rows().next().unwrap_or_default();
        let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
        let norms: Vec<f64> = sites.rows().map(norm).collect();
        let mut compare = |field: &str, ours: &[f64]| {
            comparison.compare(&format!("{gid} {field}"), ours, &numbers(golden, field)?)
        };
        compare("atom0", first)?;
        compare("norms", &norms)?;
        compare("inner", spectra(Average::Inner)?.values())?;
        comparison.count_structure();
    }
    comparison.finish()
}

fn settings(params: &Value) -> Result<SoapSettings, String> {
    if parse::<String>(params, "rbf")? != "gto" || !parse::<bool>(params, "periodic")? {
        return Err("SOAP: the golden is not of the periodic Gaussian basis".to_owned());
    }
    Ok(SoapSettings {
        r_cut: parse(params, "r_cut")?,
        n_max: parse(params, "n_max")?,
        l_max: parse(params, "l_max")?,
        sigma: parse(params, "sigma")?,
    })
}
