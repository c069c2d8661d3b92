#ifndef POSTHORN_CCRYPTO_SHIM_H
#define POSTHORN_CCRYPTO_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>

#endif
