//! The catalogue of matters: the 127 that are shipped, one file per agency, found by code, name or agency.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Matter;
use crate::base::codes::MatterCode;
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::time::Date;

const SHIPPED: [&str; 9] = [
    include_str!("../../../schemas/matters/GA.json"),
    include_str!("../../../schemas/matters/MZ.json"),
    include_str!("../../../schemas/matters/RS.json"),
    include_str!("../../../schemas/matters/ZR.json"),
    include_str!("../../../schemas/matters/ZJ.json"),
    include_str!("../../../schemas/matters/SJ.json"),
    include_str!("../../../schemas/matters/WJ.json"),
    include_str!("../../../schemas/matters/JY.json"),
    include_str!("../../../schemas/matters/YB.json"),
];

/// Matters by their implementation code.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<MatterCode, Matter>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(rename = "effective")]
    _effective: Date,
    #[serde(rename = "illustrative")]
    _illustrative: bool,
    matters: Vec<Matter>,
}

/// The files of matters as they are published: agency, version, text.
pub fn published() -> Result<Vec<(AgencyCode, u32, &'static str)>, ParseError> {
    let mut files = Vec::new();
    for text in SHIPPED {
        let file = read(text)?;
        let agency = file.matters.first().map(|matter| matter.agency.clone());
        files.extend(agency.map(|agency| (agency, file.version, text)));
    }
    Ok(files)
}

fn read(file: &str) -> Result<File, ParseError> {
    serde_json::from_str(file).map_err(|error| ParseError::new("matters_malformed", error.to_string()))
}

impl Catalogue {
    /// The matters this version ships.
    pub fn shipped() -> Result<Self, ParseError> {
        let mut matters = Vec::new();
        for file in SHIPPED {
            matters.extend(read(file)?.matters);
        }
        Self::new(matters)
    }

    /// A catalogue of these matters; refuses two with one code, and two of one agency with one name.
    pub fn new(matters: impl IntoIterator<Item = Matter>) -> Result<Self, ParseError> {
        let mut catalogue = Self::default();
        for matter in matters {
            let taken = catalogue.of_agency(&matter.agency).any(|other| other.name.zh == matter.name.zh);
            if taken || catalogue.0.contains_key(&matter.code) {
                return Err(ParseError::new("matters_twice", format!("{}: code or name is taken", matter.code)));
            }
            catalogue.0.insert(matter.code, matter);
        }
        Ok(catalogue)
    }

    /// The matter with this implementation code.
    pub fn find(&self, code: &MatterCode) -> Option<&Matter> {
        self.0.get(code)
    }

    /// The matter with this 31-character code or this exact name in either language.
    pub fn named(&self, text: &str) -> Option<&Matter> {
        let by_code = MatterCode::parse(text).ok().and_then(|code| self.find(&code));
        by_code.or_else(|| self.iter().find(|matter| matter.name.zh == text || matter.name.en == text))
    }

    /// Matters whose name in either language contains the text, letter case aside.
    pub fn search<'a>(&'a self, text: &str) -> impl Iterator<Item = &'a Matter> + use<'a> {
        let wanted = text.trim().to_lowercase();
        let hit = move |name: &str| name.to_lowercase().contains(&wanted);
        self.iter().filter(move |matter| hit(&matter.name.zh) || hit(&matter.name.en))
    }

    /// The matters an agency decides.
    pub fn of_agency<'a>(&'a self, agency: &'a AgencyCode) -> impl Iterator<Item = &'a Matter> + 'a {
        self.iter().filter(move |matter| matter.agency == *agency)
    }

    /// The matters that licences of this type help with.
    pub fn asking_for<'a>(&'a self, wanted: &'a TypeCode) -> impl Iterator<Item = &'a Matter> + 'a {
        let asks = move |matter: &&Matter| matter.requirements.iter().any(|one| one.types().contains(wanted));
        self.iter().filter(asks)
    }

    /// All matters, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Matter> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Material, Mode, Whose};
    use super::*;

    fn shipped() -> Catalogue {
        Catalogue::shipped().unwrap()
    }

    #[test]
    fn the_127_matters_of_nine_agencies_load() {
        let catalogue = shipped();
        assert_eq!(catalogue.len(), 127);
        let count = |code| catalogue.of_agency(&AgencyCode::parse(code).unwrap()).count();
        let counts = ["GA", "MZ", "RS", "ZR", "ZJ", "SJ", "WJ", "JY", "YB"].map(count);
        assert_eq!(counts, [20, 15, 20, 14, 14, 14, 14, 7, 9]);
    }

    #[test]
    fn a_matter_is_found_by_code_and_by_either_name() {
        let catalogue = shipped();
        let by_code = catalogue.named("11430112MB0DEM01764000709901000").unwrap();
        assert_eq!(by_code.name.zh, "出生登记");
        assert_eq!(catalogue.named("出生登记"), Some(by_code));
        assert_eq!(catalogue.named("Birth registration"), Some(by_code));
        assert_eq!(catalogue.named("出生"), None);
        assert_eq!(catalogue.search("birth REG").count(), 1);
    }

    #[test]
    fn materials_keep_what_the_detailed_matters_say() {
        let catalogue = shipped();
        let birth = catalogue.named("出生登记").unwrap();
        assert_eq!(birth.requirement("idCard").unwrap().whose, Whose::Parents);
        assert!(birth.requirement("marriage").unwrap().is_tolerable());
        let planning = catalogue.named("建设工程规划许可证核发").unwrap();
        let land = planning.requirement("any-1").unwrap();
        assert_eq!((land.types().len(), land.tolerable_days, planning.mode), (3, Some(5), Mode::Tolerant));
        let bus = catalogue.named("老年爱心公交卡申领（秒办）").unwrap();
        assert_eq!(bus.requirements[0].predicate.as_deref(), Some("ageOver65"));
        let licence = catalogue.named("机动车驾驶证期满换证").unwrap();
        let fitness = licence.requirement("form-1").unwrap();
        assert!(fitness.replaceable && matches!(fitness.material, Material::Form(_)));
    }

    #[test]
    fn matters_are_found_by_the_licence_they_ask_for() {
        let wanted = TypeCode::parse("nurse").unwrap();
        let names: Vec<_> = shipped().asking_for(&wanted).map(|matter| matter.name.en.clone()).collect();
        assert_eq!(names, ["Renewal of nurse registration"]);
    }

    #[test]
    fn a_code_or_name_taken_twice_is_refused() {
        let matter = shipped().named("出生登记").unwrap().clone();
        let error = Catalogue::new([matter.clone(), matter.clone()]).unwrap_err();
        assert_eq!(error.code, "matters_twice");
        let other = Matter { code: MatterCode::parse("11430112MB0DEM01764000709999000").unwrap(), ..matter.clone() };
        assert_eq!(Catalogue::new([matter, other]).unwrap_err().code, "matters_twice");
    }
}
