import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { recordOf } from '../../../src/lib/guards.ts';
import { elementRules, type Check, type ElementRules } from './element-rules.ts';
import { primitives } from './primitives.ts';
import { codes, resourceTypes, schemaOf } from './schema.ts';

export type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

/**
 * Validates resources by FHIR R4: elements, cardinality, data types and the codes of required bindings. It ignores profiles,
 * the targets of references, and the constraints that R4 states in FHIRPath.
 *
 * Each type is compiled when it first occurs in a resource; compiling all types takes 5 seconds.
 */
export class R4Validator {
  readonly #ajv: Ajv;
  readonly #compiled = new Map<string, ValidateFunction>();

  /** @param allErrors - reports every error of a resource, not only the first */
  constructor({ allErrors }: { readonly allErrors: boolean }) {
    this.#ajv = new Ajv({ allErrors, validateSchema: false, strictTypes: false });
    for (const [name, { allows }] of Object.entries(primitives))
      if (allows) this.#ajv.addFormat(name, allows);
    this.#addKeywords();
  }

  /**
   * The errors of a resource whose type is one of R4's.
   *
   * @throws RangeError if the nesting exhausts the stack
   */
  errorsOf(resource: Resource): readonly ErrorObject[] {
    const validate = this.#of(resource.resourceType);
    return validate(resource) ? [] : (validate.errors ?? []);
  }

  #of(type: string): ValidateFunction {
    const compiled = this.#compiled.get(type) ?? this.#ajv.compile(schemaOf(type));
    this.#compiled.set(type, compiled);
    return compiled;
  }

  #addKeywords(): void {
    this.#ajv.addKeyword({
      keyword: 'fhirElements',
      type: 'object',
      errors: true,
      compile: (rules: ElementRules) => elementRules(rules),
    });
    this.#ajv.addKeyword({
      keyword: 'fhirType',
      type: 'object',
      errors: 'full',
      compile: (type: string) => this.#typeRule(type),
    });
    this.#ajv.addKeyword({
      keyword: 'fhirCodes',
      type: ['string', 'object'],
      errors: true,
      compile: (valueSet: string) => codeRule(valueSet),
    });
  }

  /** Validates an element by its type. The type of a nested resource, such as in `contained`, is its `resourceType`. */
  #typeRule(type: string): Check {
    const check: Check = (data: Readonly<Record<string, unknown>>, context) => {
      const actual = type === 'Resource' ? data['resourceType'] : type;
      const isKnown = typeof actual === 'string' && (actual === type || resourceTypes.has(actual));
      check.errors = [{ keyword: 'fhirType', params: {} }];
      if (!isKnown) return false;
      const validate = this.#of(actual);
      const isValid = validate(data, context);
      check.errors = validate.errors ?? [];
      return isValid;
    };
    return check;
  }
}

/** A required binding: the value set has to contain the code, or one of the codes of a CodeableConcept. */
function codeRule(valueSet: string): Check {
  const allowed = new Set(codes[valueSet]);
  const check: Check = (data: string | Readonly<Record<string, unknown>>) => {
    const isAllowed =
      typeof data === 'string' ? allowed.has(data) : codesOf(data).some((code) => allowed.has(code));
    if (!isAllowed) check.errors = [{ keyword: 'fhirCodes', params: { valueSet } }];
    return isAllowed;
  };
  return check;
}

const codesOf = ({ coding }: Readonly<Record<string, unknown>>) =>
  (Array.isArray(coding) ? coding : []).map((each) => String(recordOf(each)['code']));
