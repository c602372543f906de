//! The schema files that are compiled in, as text: a build needs no generator and a start no files.

/// The credential types, one file each.
pub const TYPES: [&str; 42] = [
    include_str!("../../../schemas/credentials/acceptanceReceipt.1.json"),
    include_str!("../../../schemas/credentials/admissionNotice.1.json"),
    include_str!("../../../schemas/credentials/approvalDocument.1.json"),
    include_str!("../../../schemas/credentials/archiveExtract.1.json"),
    include_str!("../../../schemas/credentials/birth.1.json"),
    include_str!("../../../schemas/credentials/businessLicense.1.json"),
    include_str!("../../../schemas/credentials/completionOpinion.1.json"),
    include_str!("../../../schemas/credentials/complianceProof.1.json"),
    include_str!("../../../schemas/credentials/constructionPermit.1.json"),
    include_str!("../../../schemas/credentials/creditCommitment.1.json"),
    include_str!("../../../schemas/credentials/delegation.1.json"),
    include_str!("../../../schemas/credentials/disability.1.json"),
    include_str!("../../../schemas/credentials/divorce.1.json"),
    include_str!("../../../schemas/credentials/drawingReview.1.json"),
    include_str!("../../../schemas/credentials/driverLicence.1.json"),
    include_str!("../../../schemas/credentials/education.1.json"),
    include_str!("../../../schemas/credentials/eligibilityDecision.1.json"),
    include_str!("../../../schemas/credentials/filingReceipt.1.json"),
    include_str!("../../../schemas/credentials/foodPermit.1.json"),
    include_str!("../../../schemas/credentials/grantDecision.1.json"),
    include_str!("../../../schemas/credentials/householdRegister.1.json"),
    include_str!("../../../schemas/credentials/hygienePermit.1.json"),
    include_str!("../../../schemas/credentials/idCard.1.json"),
    include_str!("../../../schemas/credentials/insuredProof.1.json"),
    include_str!("../../../schemas/credentials/landAllocation.1.json"),
    include_str!("../../../schemas/credentials/landTransferContract.1.json"),
    include_str!("../../../schemas/credentials/landUsePlanning.1.json"),
    include_str!("../../../schemas/credentials/licenceDecision.1.json"),
    include_str!("../../../schemas/credentials/marriage.1.json"),
    include_str!("../../../schemas/credentials/minimumLiving.1.json"),
    include_str!("../../../schemas/credentials/noCrime.1.json"),
    include_str!("../../../schemas/credentials/nurse.1.json"),
    include_str!("../../../schemas/credentials/projectPlanning.1.json"),
    include_str!("../../../schemas/credentials/realEstate.1.json"),
    include_str!("../../../schemas/credentials/realEstateNotice.1.json"),
    include_str!("../../../schemas/credentials/refusalDecision.1.json"),
    include_str!("../../../schemas/credentials/residencePermit.1.json"),
    include_str!("../../../schemas/credentials/retirementDecision.1.json"),
    include_str!("../../../schemas/credentials/seniorCard.1.json"),
    include_str!("../../../schemas/credentials/socialSecurityCard.1.json"),
    include_str!("../../../schemas/credentials/teacherCertificate.1.json"),
    include_str!("../../../schemas/credentials/vehicleLicence.1.json"),
];

/// The metadata elements of GB/T 36903.
pub const METADATA: &str = include_str!("../../../schemas/certificate-metadata.json");

/// The code lists.
pub const CODE_LISTS: &str = include_str!("../../../schemas/code-lists.json");

/// The JSON-LD context of our types.
pub const CONTEXT: &str = include_str!("../../../schemas/contexts/v1.jsonld");
