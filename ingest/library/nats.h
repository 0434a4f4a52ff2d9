/* The functions of libnats that swarmtop calls (library.h). */
#ifndef INGEST_LIBRARY_NATS_H
#define INGEST_LIBRARY_NATS_H

#include "ingest/library/library.h"

#ifdef HAVE_NATS
#include <nats/nats.h>

#define NATS_FUNCTIONS(F)                \
    F(jsCtx_Destroy)                     \
    F(jsMsgMetaData_Destroy)             \
    F(jsStreamInfo_Destroy)              \
    F(jsSubOptions_Init)                 \
    F(js_GetStreamInfo)                  \
    F(js_SubscribeSync)                  \
    F(natsConnection_Connect)            \
    F(natsConnection_Destroy)            \
    F(natsConnection_FlushTimeout)       \
    F(natsConnection_GetLastError)       \
    F(natsConnection_JetStream)          \
    F(natsConnection_Publish)            \
    F(natsConnection_Status)             \
    F(natsConnection_SubscribeSync)      \
    F(natsMsg_Destroy)                   \
    F(natsMsg_GetData)                   \
    F(natsMsg_GetDataLength)             \
    F(natsMsg_GetMetaData)               \
    F(natsOptions_Create)                \
    F(natsOptions_Destroy)               \
    F(natsOptions_SetAllowReconnect)     \
    F(natsOptions_SetErrorHandler)       \
    F(natsOptions_SetMaxPingsOut)        \
    F(natsOptions_SetName)               \
    F(natsOptions_SetPingInterval)       \
    F(natsOptions_SetTimeout)            \
    F(natsOptions_SetURL)                \
    F(natsStatus_GetText)                \
    F(natsSubscription_Destroy)          \
    F(natsSubscription_GetDropped)       \
    F(natsSubscription_NextMsg)          \
    F(natsSubscription_SetPendingLimits) \
    F(nats_ReleaseThreadMemory)

struct nats_functions {
    NATS_FUNCTIONS(LIBRARY_MEMBER)
};
extern struct nats_functions nats_functions;

#ifndef LIBRARY_TABLE /* the file that has the table needs the functions themselves */
#define jsCtx_Destroy                     nats_functions.jsCtx_Destroy
#define jsMsgMetaData_Destroy             nats_functions.jsMsgMetaData_Destroy
#define jsStreamInfo_Destroy              nats_functions.jsStreamInfo_Destroy
#define jsSubOptions_Init                 nats_functions.jsSubOptions_Init
#define js_GetStreamInfo                  nats_functions.js_GetStreamInfo
#define js_SubscribeSync                  nats_functions.js_SubscribeSync
#define natsConnection_Connect            nats_functions.natsConnection_Connect
#define natsConnection_Destroy            nats_functions.natsConnection_Destroy
#define natsConnection_FlushTimeout       nats_functions.natsConnection_FlushTimeout
#define natsConnection_GetLastError       nats_functions.natsConnection_GetLastError
#define natsConnection_JetStream          nats_functions.natsConnection_JetStream
#define natsConnection_Publish            nats_functions.natsConnection_Publish
#define natsConnection_Status             nats_functions.natsConnection_Status
#define natsConnection_SubscribeSync      nats_functions.natsConnection_SubscribeSync
#define natsMsg_Destroy                   nats_functions.natsMsg_Destroy
#define natsMsg_GetData                   nats_functions.natsMsg_GetData
#define natsMsg_GetDataLength             nats_functions.natsMsg_GetDataLength
#define natsMsg_GetMetaData               nats_functions.natsMsg_GetMetaData
#define natsOptions_Create                nats_functions.natsOptions_Create
#define natsOptions_Destroy               nats_functions.natsOptions_Destroy
#define natsOptions_SetAllowReconnect     nats_functions.natsOptions_SetAllowReconnect
#define natsOptions_SetErrorHandler       nats_functions.natsOptions_SetErrorHandler
#define natsOptions_SetMaxPingsOut        nats_functions.natsOptions_SetMaxPingsOut
#define natsOptions_SetName               nats_functions.natsOptions_SetName
#define natsOptions_SetPingInterval       nats_functions.natsOptions_SetPingInterval
#define natsOptions_SetTimeout            nats_functions.natsOptions_SetTimeout
#define natsOptions_SetURL                nats_functions.natsOptions_SetURL
#define natsStatus_GetText                nats_functions.natsStatus_GetText
#define natsSubscription_Destroy          nats_functions.natsSubscription_Destroy
#define natsSubscription_GetDropped       nats_functions.natsSubscription_GetDropped
#define natsSubscription_NextMsg          nats_functions.natsSubscription_NextMsg
#define natsSubscription_SetPendingLimits nats_functions.natsSubscription_SetPendingLimits
#define nats_ReleaseThreadMemory          nats_functions.nats_ReleaseThreadMemory
#endif
#endif

extern const struct library nats_library;

#endif
