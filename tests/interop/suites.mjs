// Data Integrity by @digitalbazaar: the cryptosuites by name, for signing and for verifying.

import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';

const jcs = {'eddsa-jcs-2022': eddsaJcs, 'ecdsa-jcs-2019': ecdsaJcs};
const rdfc = {'eddsa-rdfc-2022': eddsaRdfc, 'ecdsa-rdfc-2019': ecdsaRdfc};

export const signing = name => rdfc[name] ?? jcs[name].createSignCryptosuite();

export const verifying = name => rdfc[name] ?? jcs[name].createVerifyCryptosuite();

// The suites over JSON, by the algorithm of a key.
export const SUITE_OF = {EdDSA: 'eddsa-jcs-2022', ES256: 'ecdsa-jcs-2019'};
