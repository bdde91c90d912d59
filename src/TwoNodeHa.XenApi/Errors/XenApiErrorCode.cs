namespace TwoNodeHa.XenApi;

/// <summary>
/// Codes of <see cref="XenApiFailure"/> that a HA daemon meets (xapi-consts/api_errors.ml, idl/datamodel_errors.ml).
/// Parameters vary between releases, and a server may send any other code.
/// </summary>
public static class XenApiErrorCode
{
    /// <summary>Start of the codes passed through from the storage manager; a number follows.</summary>
    public const string SrBackendFailurePrefix = "SR_BACKEND_FAILURE_";

    /// <summary>The guest's boot loader failed. Parameters: vm, text.</summary>
    public const string BootloaderFailed = "BOOTLOADER_FAILED";

    /// <summary>Forwarding failed; outcome unknown. Parameters: host.</summary>
    public const string CannotContactHost = "CANNOT_CONTACT_HOST";

    /// <summary>Control domains cannot be reset. Parameters: vm.</summary>
    public const string CannotResetControlDomain = "CANNOT_RESET_CONTROL_DOMAIN";

    /// <summary>The VM really runs on this host. Parameters: vm.</summary>
    public const string DomainExists = "DOMAIN_EXISTS";

    /// <summary>The token given to event.from does not parse. Parameters: token.</summary>
    public const string EventFromTokenParseFailure = "EVENT_FROM_TOKEN_PARSE_FAILURE";

    /// <summary>A class given to event.from does not parse. Parameters: class.</summary>
    public const string EventSubscriptionParseFailure = "EVENT_SUBSCRIPTION_PARSE_FAILURE";

    /// <summary>Worth one repetition. Parameters: vm, name, text.</summary>
    public const string FailedToStartEmulator = "FAILED_TO_START_EMULATOR";

    /// <summary>The object is gone, or this is another database; resynchronise. Parameters: class, reference.</summary>
    public const string HandleInvalid = "HANDLE_INVALID";

    /// <summary>Another change of master is in progress. Parameters: reason.</summary>
    public const string HaAbortNewMaster = "HA_ABORT_NEW_MASTER";

    /// <summary>Native HA is on: stand down.</summary>
    public const string HaIsEnabled = "HA_IS_ENABLED";

    /// <summary>Native HA is off.</summary>
    public const string HaNotEnabled = "HA_NOT_ENABLED";

    /// <summary>Emergency reason: the role file says broken.</summary>
    public const string HostBroken = "HOST_BROKEN";

    /// <summary>The host is disabled; after start-up wait for it to enable itself. Parameters: host.</summary>
    public const string HostDisabled = "HOST_DISABLED";

    /// <summary>The host stays disabled until an operator enables it. Parameters: host.</summary>
    public const string HostDisabledIndefinitely = "HOST_DISABLED_INDEFINITELY";

    /// <summary>The host stays disabled until it reboots. Parameters: host.</summary>
    public const string HostDisabledUntilReboot = "HOST_DISABLED_UNTIL_REBOOT";

    /// <summary>The host is being evacuated; retry later. Parameters: host.</summary>
    public const string HostEvacuateInProgress = "HOST_EVACUATE_IN_PROGRESS";

    /// <summary>Emergency reason: no management address yet.</summary>
    public const string HostHasNoManagementIp = "HOST_HAS_NO_MANAGEMENT_IP";

    /// <summary>VMs are still resident. Parameters: host.</summary>
    public const string HostHasResidentVms = "HOST_HAS_RESIDENT_VMS";

    /// <summary>Defined by XAPI, but no server code raises it.</summary>
    public const string HostInEmergencyMode = "HOST_IN_EMERGENCY_MODE";

    /// <summary>The peer's xapi answers: do not reset anything of it; re-evaluate. Parameters: host.</summary>
    public const string HostIsLive = "HOST_IS_LIVE";

    /// <summary>The call went to a slave over TCP. Parameters: address of the master, a hint to verify.</summary>
    public const string HostIsSlave = "HOST_IS_SLAVE";

    /// <summary>Emergency reason: the role file names this host itself as its master.</summary>
    public const string HostItsOwnSlave = "HOST_ITS_OWN_SLAVE";

    /// <summary>Emergency reason: the master cannot connect back. Parameters: own address.</summary>
    public const string HostMasterCannotTalkBack = "HOST_MASTER_CANNOT_TALK_BACK";

    /// <summary>The host must be disabled before reboot or shutdown.</summary>
    public const string HostNotDisabled = "HOST_NOT_DISABLED";

    /// <summary>Not enough memory on the host. Parameters: needed, available (bytes).</summary>
    public const string HostNotEnoughFreeMemory = "HOST_NOT_ENOUGH_FREE_MEMORY";

    /// <summary>Too few physical CPUs on the host.</summary>
    public const string HostNotEnoughPcpus = "HOST_NOT_ENOUGH_PCPUS";

    /// <summary>The host cannot take the VM because it is not live.</summary>
    public const string HostNotLive = "HOST_NOT_LIVE";

    /// <summary>The target host is not live; the call was not forwarded. Parameters: host.</summary>
    public const string HostOffline = "HOST_OFFLINE";

    /// <summary>The toolstack is starting; also the first reason of emergency mode.</summary>
    public const string HostStillBooting = "HOST_STILL_BOOTING";

    /// <summary>Emergency reason, permanent: needs an operator. Parameters: host uuid.</summary>
    public const string HostUnknownToMaster = "HOST_UNKNOWN_TO_MASTER";

    /// <summary>Emergency reason, permanent: this host is newer than its master.</summary>
    public const string HostXapiVersionHigherThanCoordinator = "HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR";

    /// <summary>Anything, also database errors during start-up. Parameters: text.</summary>
    public const string InternalError = "INTERNAL_ERROR";

    /// <summary>E.g. text that is not UTF-8. Parameters: field, value.</summary>
    public const string InvalidValue = "INVALID_VALUE";

    /// <summary>Not licensed; the spelling is XAPI's. Parameters: feature.</summary>
    public const string LicenceRestriction = "LICENCE_RESTRICTION";

    /// <summary>Remove the key first. Parameters: type, field, object, key.</summary>
    public const string MapDuplicateKey = "MAP_DUPLICATE_KEY";

    /// <summary>The release does not have the method. Parameters: method.</summary>
    public const string MessageMethodUnknown = "MESSAGE_METHOD_UNKNOWN";

    /// <summary>Version difference. Parameters: method, expected, received (without the session).</summary>
    public const string MessageParameterCountMismatch = "MESSAGE_PARAMETER_COUNT_MISMATCH";

    /// <summary>Raised by host.local_management_reconfigure only.</summary>
    public const string NotInEmergencyMode = "NOT_IN_EMERGENCY_MODE";

    /// <summary>VM.start found no host; VM.start_on tells the reason.</summary>
    public const string NoHostsAvailable = "NO_HOSTS_AVAILABLE";

    /// <summary>An administrator blocked the operation: honour it. Parameters: reference, text.</summary>
    public const string OperationBlocked = "OPERATION_BLOCKED";

    /// <summary>The object does not allow the operation. Parameters: text.</summary>
    public const string OperationNotAllowed = "OPERATION_NOT_ALLOWED";

    /// <summary>Some VMs of an appliance failed. Parameters: name, vms.</summary>
    public const string OperationPartiallyFailed = "OPERATION_PARTIALLY_FAILED";

    /// <summary>
    /// A collision, raised after hours of waiting inside. Parameters: class, object, operation, task.
    /// </summary>
    public const string OtherOperationInProgress = "OTHER_OPERATION_IN_PROGRESS";

    /// <summary>Wrong kind of session. Parameters: permission, text.</summary>
    public const string RbacPermissionDenied = "RBAC_PERMISSION_DENIED";

    /// <summary>Wrong user or password: do not loop, each attempt costs 5 s. Parameters: user, message.</summary>
    public const string SessionAuthenticationFailed = "SESSION_AUTHENTICATION_FAILED";

    /// <summary>The session expired, was evicted, or its xapi restarted. Parameters: session.</summary>
    public const string SessionInvalid = "SESSION_INVALID";

    /// <summary>
    /// The disk is not available, normally locked by another host. Parameters: status, stdout, stderr.
    /// </summary>
    public const string SrBackendFailure46 = "SR_BACKEND_FAILURE_46";

    /// <summary>Storage not plugged. Parameters: sr.</summary>
    public const string SrHasNoPbds = "SR_HAS_NO_PBDS";

    /// <summary>E.g. the peer restarted: its hello cancels all its tasks. Parameters: task.</summary>
    public const string TaskCancelled = "TASK_CANCELLED";

    /// <summary>The object is gone, or this is another database; resynchronise. Parameters: class, uuid.</summary>
    public const string UuidInvalid = "UUID_INVALID";

    /// <summary>The disk is attached elsewhere, or a leftover says so. Parameters: vdi, operation.</summary>
    public const string VdiInUse = "VDI_IN_USE";

    /// <summary>Ballooning failed. Parameters: vms.</summary>
    public const string VmsFailedToCooperate = "VMS_FAILED_TO_COOPERATE";

    /// <summary>Re-read the VM: it may be where it should be. Parameters: vm, expected, actual (lower case).</summary>
    public const string VmBadPowerState = "VM_BAD_POWER_STATE";

    /// <summary>The guest did not acknowledge; escalate to a hard shutdown. Parameters: vm.</summary>
    public const string VmFailedShutdownAcknowledgment = "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT";

    /// <summary>The host cannot run HVM guests. Parameters: vm.</summary>
    public const string VmHvmRequired = "VM_HVM_REQUIRED";

    /// <summary>The VM is a template. Parameters: vm.</summary>
    public const string VmIsTemplate = "VM_IS_TEMPLATE";

    /// <summary>The guest does not co-operate. Parameters: vm.</summary>
    public const string VmLacksFeature = "VM_LACKS_FEATURE";

    /// <summary>A GPU of the VM is missing on the host. Parameters: vm, group.</summary>
    public const string VmRequiresGpu = "VM_REQUIRES_GPU";

    /// <summary>A network of the VM is missing on the host. Parameters: vm, network.</summary>
    public const string VmRequiresNetwork = "VM_REQUIRES_NETWORK";

    /// <summary>Storage of the VM is not attached on the host (yet). Parameters: vm, sr.</summary>
    public const string VmRequiresSr = "VM_REQUIRES_SR";

    /// <summary>A disk of the VM is missing. Parameters: vm, vdi.</summary>
    public const string VmRequiresVdi = "VM_REQUIRES_VDI";

    /// <summary>The guest did not finish; escalate to a hard shutdown. Parameters: vm, seconds.</summary>
    public const string VmShutdownTimeout = "VM_SHUTDOWN_TIMEOUT";

    /// <summary>A hook script broke host.declare_dead. Parameters: script, reason, output, code.</summary>
    public const string XapiHookFailed = "XAPI_HOOK_FAILED";
}
