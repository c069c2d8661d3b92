#ifndef CPOSTHORN_TLS_SHIM_H
#define CPOSTHORN_TLS_SHIM_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

/* A place for a pointer in every SSL_CTX; `release` is called with it when the context is freed. A macro in OpenSSL. */
static inline int posthorn_tls_context_slot(CRYPTO_EX_free *release) {
    return SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, release);
}

/* Whether a reading of PEM has ended because there is no further block. ERR_GET_LIB and ERR_GET_REASON are macros. */
static inline int posthorn_tls_error_is_no_pem_start(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* The flags of a store that libcurl sets as well (lib/vtls/openssl.c, populate_x509_store); casts, which the importer leaves out. */
static const unsigned long posthorn_tls_store_flags = X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN;

#endif
