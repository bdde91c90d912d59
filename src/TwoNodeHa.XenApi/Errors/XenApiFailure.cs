using System.Collections.Frozen;
using System.Collections.Immutable;

namespace TwoNodeHa.XenApi;

/// <summary>The server answered the call with a coded error (xapi-consts/api_errors.ml).</summary>
public sealed class XenApiFailure : XenApiException
{
    /// <summary>
    /// Conditions that pass by themselves: start-up, a lock, storage not plugged yet, a lost session.
    /// </summary>
    private static readonly FrozenSet<string> Transient = FrozenSet.ToFrozenSet(
    [
        XenApiErrorCode.SessionInvalid, XenApiErrorCode.HostStillBooting, XenApiErrorCode.HostHasNoManagementIp,
        XenApiErrorCode.HostMasterCannotTalkBack, XenApiErrorCode.HostInEmergencyMode, XenApiErrorCode.HostOffline,
        XenApiErrorCode.CannotContactHost, XenApiErrorCode.HostNotLive, XenApiErrorCode.HostDisabled,
        XenApiErrorCode.HostEvacuateInProgress, XenApiErrorCode.SrHasNoPbds, XenApiErrorCode.VmRequiresSr,
        XenApiErrorCode.OtherOperationInProgress, XenApiErrorCode.FailedToStartEmulator,
        XenApiErrorCode.HaAbortNewMaster, XenApiErrorCode.TaskCancelled, XenApiErrorCode.InternalError,
    ]);

    /// <summary>
    /// Codes raised after the work may have begun elsewhere; they do not prove that nothing happened.
    /// </summary>
    private static readonly FrozenSet<string> EffectUnknown = FrozenSet.ToFrozenSet(
    [
        XenApiErrorCode.CannotContactHost, XenApiErrorCode.TaskCancelled, XenApiErrorCode.InternalError,
        XenApiErrorCode.OperationPartiallyFailed, XenApiErrorCode.XapiHookFailed,
    ]);

    /// <summary>Makes a failure from the server's code and parameters.</summary>
    /// <param name="method">The method that was called, for the message only.</param>
    /// <param name="code">The error code, e.g. <c>HOST_IS_SLAVE</c>.</param>
    /// <param name="parameters">The parameters that followed the code.</param>
    /// <param name="inner">What prevented the client from overcoming the failure by itself, if anything did.</param>
    public XenApiFailure(string method, string code, ImmutableArray<string> parameters, Exception? inner = null)
        : base($"{method}: {code} [{string.Join(", ", parameters)}]", inner)
    {
        Method = method;
        Code = code;
        Parameters = parameters;
    }

    /// <summary>The method that was called.</summary>
    public string Method { get; }

    /// <summary>The error code; compare it with the constants of <see cref="XenApiErrorCode"/>.</summary>
    public string Code { get; }

    /// <summary>
    /// The parameters after the code. Their number differs between releases: never index without a check.
    /// </summary>
    public ImmutableArray<string> Parameters { get; }

    /// <inheritdoc/>
    public override bool IsTransient => Transient.Contains(Code);

    /// <inheritdoc/>
    public override CallOutcome Outcome => EffectUnknown.Contains(Code) ? CallOutcome.Unknown : CallOutcome.Failed;
}
