using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Control;

/// <summary>Whether the other host has confirmed what an operator asked for, by a later status.</summary>
public static class Confirmation
{
    // A word is durable before it is spoken: the write comes between the change and the heartbeat that carries it.
    private const double WriteSeconds = 0.5;

    /// <summary>Begins what is said of an emptied master that is not handed over: it stays a member of the pair, so its state does not tell.</summary>
    internal const string StaysMaster = "it stays master: ";

    /// <summary>Of a host whose maintenance ends while XAPI still starts nothing on it: the other one could not be emptied to it.</summary>
    internal static string NotEnabledYet(string host) => $"{host} is enabled in XAPI next";

    /// <summary>The sentence for the operator once it is confirmed; null until then, and for what needs no confirmation.</summary>
    public static string? Of(OperatorRequest request, StatusReport status) => request switch
    {
        OperatorRequest.Enable when status is { Enabled: true, SwitchConfirmed: true } =>
            $"HA is enabled on both hosts; {Now(status)}.",
        OperatorRequest.Disable when status is { Enabled: false, SwitchConfirmed: true } =>
            "HA is disabled on both hosts. VMs go on running; nobody restarts them.",
        OperatorRequest.Maintenance { On: true, KeepMaster: true } when status.Findings.FirstOrDefault(static said => said.Contains(StaysMaster, StringComparison.Ordinal)) is { } done =>
            done,
        OperatorRequest.Maintenance { On: true } when status.State == nameof(HaStatus.Maintenance)
            && status.Peer?.AckedAgeSeconds + WriteSeconds < status.StateAgeSeconds =>
            $"{status.PeerHost} knows that {status.Host} is in maintenance: {status.Host} takes nothing over until "
            + "'ha-ctl maintenance off'.",
        OperatorRequest.Maintenance { On: false } when status.State != nameof(HaStatus.Maintenance)
            && !status.Findings.Any(said => said.Contains(NotEnabledYet(status.Host), StringComparison.Ordinal)) =>
            $"{status.PeerHost} has readmitted {status.Host}; {Now(status)}.",
        OperatorRequest.Protect protect => Protected(protect, status),
        _ => null,
    };

    private static string? Protected(OperatorRequest.Protect request, StatusReport status)
    {
        var vm = status.Vms.FirstOrDefault(one => one.Name == request.Vm || one.Uuid.ToString() == request.Vm);
        if (vm is null || vm.Protected != request.On || (request.On && vm.Priority != nameof(RestartPriority.Restart)))
        {
            return null;
        }

        return $"{vm.Name} is {(request.On ? "protected, class restart" : "not protected any more")}.";
    }

    private static string Now(StatusReport status) => $"{status.Host} is {status.State}";
}
