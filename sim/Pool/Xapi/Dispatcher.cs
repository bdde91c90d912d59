using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>Order of dispatch of xapi.md 2.1: emergency refusal, forwarding of a member, local execution.</summary>
internal sealed class Dispatcher(XapiProcess process)
{
    /// <summary>idl/datamodel.ml `emergency_calls`: never forwarded, allowed in emergency mode. Exact names only.</summary>
    private static readonly HashSet<string> EmergencyList = new(StringComparer.Ordinal)
    {
        "pool.emergency_reset_master", "pool.emergency_transition_to_master", "pool.is_slave",
        "session.slave_local_login", "session.slave_local_login_with_password", "session.local_logout",
        "host.propose_new_master", "host.commit_new_master", "host.abort_new_master", "host.local_assert_healthy",
        "host.signal_networking_change", "host.local_management_reconfigure", "host.ha_xapi_healthcheck",
        "host.emergency_ha_disable", "host.management_disable", "host.get_system_status_capabilities",
        "host.is_in_emergency_mode", "host.shutdown_agent", "host.emergency_reset_server_certificate",
        "host.emergency_disable_tls_verification", "host.emergency_reenable_tls_verification",
        "host.emergency_clear_mandatory_guidance", "host.update_firewalld_service_status",
    };

    private static readonly string[] AlsoLocal = ["session.login_with_password", "session.slave_login"];

    /// <summary>Calls that touch no database; they answer while its lock is stuck.</summary>
    private static readonly HashSet<string> WithoutDatabase = new(EmergencyList.Except(["pool.is_slave"]), StringComparer.Ordinal)
    {
        "system.listMethods", "emu.ping",
    };

    public async Task<CallReply> DispatchAsync(CallOrigin origin, string method, JsonArray parameters)
    {
        ToolstackFaults faults = process.Host.Faults;
        bool needsDatabase = !WithoutDatabase.Contains(method) && !IsAliveProbe(method);
        await process.Guard(faults.UntilAnswering(needsDatabase)).ConfigureAwait(false);
        if (faults.Strike(method, StrikeMoment.Before))
        {
            return new CallReply.ConnectionLost("struck before");
        }

        CallReply reply = await AnswerAsync(origin, method, parameters).ConfigureAwait(false);
        return faults.Strike(method, StrikeMoment.After) || faults.TakeLostAnswer(method) ? new CallReply.ConnectionLost("answer lost") : reply;
    }

    internal static bool IsAliveProbe(string method) =>
        method.StartsWith("system.isAlive", StringComparison.Ordinal);

    private async Task<CallReply> AnswerAsync(CallOrigin origin, string method, JsonArray parameters)
    {
        if (process.Emergency && !EmergencyList.Contains(method) && origin != CallOrigin.Internal)
        {
            return new CallReply.Failure(process.EmergencyError, FailureOrigin.Emergency);
        }

        try
        {
            process.Host.Faults.ThrowIfRefused(method);
            return !process.IsMaster && origin == CallOrigin.Unix && !RunsOnMember(method)
                ? await ForwardAsync(method, parameters).ConfigureAwait(false)
                : new CallReply.Success(
                    await process.Methods.ExecuteAsync(origin, method, parameters).ConfigureAwait(false));
        }
        catch (ApiException error)
        {
            return new CallReply.Failure(error.Error, FailureOrigin.Executed);
        }
        catch (Exception error)
        {
            return new CallReply.Failure(["INTERNAL_ERROR", error.Message], FailureOrigin.Executed);
        }
    }

    private static bool RunsOnMember(string method) =>
        EmergencyList.Contains(method) || AlsoLocal.Contains(method);

    /// <summary>
    /// Retries for ever: a call made while the master is away is executed when it comes back (xapi.md 2.2).
    /// </summary>
    private async Task<CallReply> ForwardAsync(string method, JsonArray parameters)
    {
        while (true)
        {
            try
            {
                CallReply reply = await process.Guard(process.Host.Peer.CallAsync(
                    process.Role.MasterAddress, method, (JsonArray)parameters.DeepClone())).ConfigureAwait(false);
                switch (reply)
                {
                    case CallReply.Failure failure:
                        return failure with { Origin = FailureOrigin.Forwarded };
                    case CallReply.ConnectionLost lost:
                        return new CallReply.HttpError(lost.Reason);
                    case CallReply.Refused:
                        break;
                    default:
                        return reply;
                }
            }
            catch (PeerUnreachableException)
            {
                // Not sent: the loop tries again.
            }

            await process.Delay(process.Host.Timings.ForwardRetry).ConfigureAwait(false);
        }
    }
}
