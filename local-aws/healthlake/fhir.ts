import { searchProblem } from './search-fields.ts';

/** The resource types of FHIR R4 (4.0.1). */
const resourceTypes = new Set(
  `Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary
   BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
   ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
   CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
   CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
   DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest
   EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
   FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization
   ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List
   Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
   MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
   MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
   MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
   MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader
   MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition
   OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation
   Person PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse
   RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
   RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
   StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein
   SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task
   TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription`.split(/\s+/),
);

export interface FhirResource {
  readonly resourceType: string;
  readonly id: string;
  /** The whole resource as it was given: parsing and writing it again would change its decimals. */
  readonly json: string;
  /** With the validation level `minimal`: what is wrong with an element that searches go by. */
  readonly warning?: string;
}

/**
 * The resource in a line of ndjson, or why it is none that can be imported, which holds no value of the line.
 *
 * @param lenient - the validation level is `minimal`: what a search would not find is imported with a warning
 */
export function readResource(line: string, lenient: boolean): FhirResource | { readonly problem: string } {
  let resource: unknown;
  try {
    resource = JSON.parse(line);
  } catch {
    return { problem: 'The line is not valid JSON' };
  }
  if (typeof resource !== 'object' || resource === null || Array.isArray(resource)) {
    return { problem: 'The line is not a JSON object' };
  }
  const { resourceType, id } = resource as { resourceType?: unknown; id?: unknown };
  if (resourceType === undefined) return { problem: 'Missing required resourceType field' };
  if (typeof resourceType !== 'string' || !resourceTypes.has(resourceType)) {
    return { problem: 'resourceType is not one of FHIR R4' };
  }
  if (id === undefined) return { problem: 'Missing required id field' };
  if (typeof id !== 'string' || !/^[A-Za-z0-9.-]{1,64}$/.test(id)) return { problem: 'The id is not valid' };
  const problem = searchProblem(resourceType, resource);
  if (problem !== undefined && !lenient) return { problem };
  return { resourceType, id, json: line.trim(), ...(problem !== undefined && { warning: problem }) };
}
