/**
 * The resource types of FHIR R4 that HealthLake supports, 106 of 147. (HealthLake developer guide, "FHIR R4 supported
 * resource types for HealthLake", as of 2026.)
 */
export const SUPPORTED_TYPES: readonly string[] =
  `Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent
   Binary BodyStructure Bundle CapabilityStatement CarePlan CareTeam ChargeItem ChargeItemDefinition Claim
   ClaimResponse Communication CommunicationRequest Composition ConceptMap Condition Consent Contract
   Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition
   DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
   EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
   ExplanationOfBenefit FamilyMemberHistory Flag Goal Group GuidanceResponse HealthcareService ImagingStudy
   Immunization ImmunizationEvaluation ImmunizationRecommendation InsurancePlan Invoice Library Linkage List
   Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense
   MedicationKnowledge MedicationRequest MedicationStatement MessageHeader MolecularSequence NutritionOrder
   Observation OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice
   PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure Provenance
   Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchStudy ResearchSubject
   RiskAssessment RiskEvidenceSynthesis Schedule ServiceRequest Slot Specimen StructureDefinition
   StructureMap Substance SupplyDelivery SupplyRequest Task ValueSet VerificationResult VisionPrescription`.split(
    /\s+/,
  );

const supported = new Set(SUPPORTED_TYPES);

/** Whether HealthLake imports resources of a type. A nested resource may have any type of R4. */
export const isSupported = (resourceType: string): boolean => supported.has(resourceType);
