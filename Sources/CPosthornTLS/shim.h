#ifndef CPOSTHORN_TLS_SHIM_H
#define CPOSTHORN_TLS_SHIM_H

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
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

/* Sessions come to us and to no cache of OpenSSL's own. libcurl switches the tickets of TLS 1.2 off, without which many receivers
   can't take a session up. Macros. */
static inline void posthorn_tls_enable_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
}

/* What may be agreed on: no second handshake on a connection, elliptic curves that are quick everywhere, and no more of a chain.
   A read returns after each message that is not data, since with SSL_MODE_AUTO_RETRY it goes on for as long as a receiver sends
   session tickets, and no deadline is looked at meanwhile. Macros. */
static inline void posthorn_tls_limit(SSL_CTX *context, const char *ciphers, long chain_bytes) {
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_cipher_list(context, ciphers);
    SSL_CTX_set1_groups(context, groups, sizeof groups / sizeof groups[0]);
    SSL_CTX_set_max_cert_list(context, chain_bytes);
}

/* What a certificate holds of the memory when it is parsed, about: measured with OpenSSL 3.0 on those of authorities and on some with
   many names. */
static inline long posthorn_tls_certificate_bytes(const X509 *certificate) {
    return certificate ? 4096 + 8 * (long)i2d_X509(certificate, NULL) : 0;
}

/* What a session of a connection holds of the memory, about: itself, its ticket, and the receiver's chain. */
static inline long posthorn_tls_session_bytes(const SSL_SESSION *session, const SSL *connection) {
    const unsigned char *ticket = NULL;
    size_t ticket_bytes = 0;
    SSL_SESSION_get0_ticket(session, &ticket, &ticket_bytes);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(connection);
    long bytes = 1024 + (long)ticket_bytes;
    for (int index = 0; index < sk_X509_num(chain); index++) bytes += posthorn_tls_certificate_bytes(sk_X509_value(chain, index));
    return bytes;
}

/* For how many seconds the certificate that the session stands for is valid from now on; 0 without one. */
static inline int64_t posthorn_tls_certificate_seconds(SSL_SESSION *session) {
    X509 *certificate = SSL_SESSION_get0_peer(session);
    int days = 0, seconds = 0;
    if (certificate == NULL || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) return 0;
    return (int64_t)days * 86400 + seconds;
}

/* How many certificates a receiver has shown. STACK_OF is a macro. */
static inline int posthorn_tls_chain_count(X509_STORE_CTX *verification) {
    return sk_X509_num(X509_STORE_CTX_get0_untrusted(verification));
}

/* The key of a certificate, as far as it says what using it costs. */
typedef struct {
    int kind;
    int bits;
    int exponent_bits;
} posthorn_tls_key;

static const int posthorn_tls_key_other = 0;
static const int posthorn_tls_key_rsa = 1;
static const int posthorn_tls_key_curve = 2;

/* The key of one of the certificates that a receiver has shown. */
static inline posthorn_tls_key posthorn_tls_chain_key(X509_STORE_CTX *verification, int index) {
    posthorn_tls_key key = {posthorn_tls_key_other, 0, 0};
    X509 *certificate = sk_X509_value(X509_STORE_CTX_get0_untrusted(verification), index);
    EVP_PKEY *found = certificate ? X509_get0_pubkey(certificate) : NULL;
    if (found == NULL) return key;
    key.bits = EVP_PKEY_get_bits(found);
    char curve[32] = "";
    switch (EVP_PKEY_get_base_id(found)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: {
        BIGNUM *exponent = NULL;
        if (EVP_PKEY_get_bn_param(found, "e", &exponent)) {
            key.kind = posthorn_tls_key_rsa;
            key.exponent_bits = BN_num_bits(exponent);
        }
        BN_free(exponent);
        break;
    }
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(found, curve, sizeof curve, NULL)
            && (!strcmp(curve, "prime256v1") || !strcmp(curve, "secp384r1") || !strcmp(curve, "secp521r1"))) {
            key.kind = posthorn_tls_key_curve;
        }
        break;
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        key.kind = posthorn_tls_key_curve;
        break;
    default:
        break;
    }
    return key;
}

/* What a server agrees on: TLS 1.2 or newer, no second handshake on a connection. A write may be taken in part and come again from
   another place, a connection that rests holds no buffers, and a read returns after each message that is not data. Macros. */
static inline int posthorn_tls_prepare_server(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/* Adds a certificate behind the server's own; the context keeps a reference of its own. A macro. */
static inline int posthorn_tls_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/* Whether the last read has found the socket without input, and not only a message that is not data. A macro. */
static inline int posthorn_tls_is_exhausted(const SSL *connection) { return BIO_should_retry(SSL_get_rbio(connection)); }

/* Whether what came is HTTP in the clear. Macros. */
static inline int posthorn_tls_error_is_http(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
}

/* Whether the client is gone without a word. Macros. */
static inline int posthorn_tls_error_is_end(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

#endif
