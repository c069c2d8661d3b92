#ifndef POSTHORN_CCRYPTO_SHIM_H
#define POSTHORN_CCRYPTO_SHIM_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

// Keys an HMAC context. A parameter keeps the pointer to its name, and a string that Swift lends to a C call is gone
// when that call returns; here the name is a C literal, which stays.
static inline int posthorn_hmac_init(EVP_MAC_CTX *context, const unsigned char *key, size_t length, char *digest) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(context, key, length, parameters);
}

// Whether a reading of PEM has ended because there is no further block. ERR_GET_LIB and ERR_GET_REASON are macros.
static inline int posthorn_error_is_no_pem_start(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

#endif
