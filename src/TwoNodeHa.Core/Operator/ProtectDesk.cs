using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Operator;

/// <summary><c>ha-ctl vm protect</c> and <c>unprotect</c>: the mark is written into XAPI's own fields, where everybody finds it.</summary>
internal static class ProtectDesk
{
    private const int NamesMax = 3;

    public static OperatorReply Answer(Draft turn, OperatorRequest.Protect request)
    {
        if (turn.Host.Database is not { } database)
        {
            return OperatorReply.Refused("the toolstack's database was not read yet; try again when 'ha-ctl vm list' shows the VMs.");
        }

        var found = Find(database, request.Vm);
        if (found.Count != 1)
        {
            return OperatorReply.Refused(found.Count == 0 ? Unknown(database, request.Vm)
                : $"{found.Count} VMs are called {request.Vm}; say which by its uuid: {string.Join(", ", found.Select(vm => vm.Uuid))}.");
        }

        var vm = found[0];
        var protection = Protection.Of(turn.Config.Policy, vm);
        if (request.On ? protection is { IsProtected: true, Class: VmClass.Restart } : !protection.IsProtected)
        {
            return new OperatorReply(true, false, $"{vm.Name} is {(request.On ? "protected" : "not protected")} already: {protection.Why}.");
        }

        turn.Act(Mark(turn.Config.Policy, vm, request.On), Deadlines.Reading, Purpose.MarkVm, vm.Uuid);
        return new OperatorReply(true, true, $"XAPI is asked to {(request.On ? "mark" : "unmark")} {vm.Name}.");
    }

    public static void Done(Draft turn, Observation.ActionFinished finished, Guid uuid)
    {
        // Read at once: who asked waits for it.
        turn.ReadToolstackAnew();
        turn.Schedule = turn.Schedule with { Database = turn.Now };
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            var name = turn.Host.Database?.Vms.FirstOrDefault(vm => vm.Uuid == uuid)?.Name ?? uuid.ToString();
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"the protection of {name} was not changed: {finished.Code} {finished.Detail}".TrimEnd());
        }
    }

    private static List<VmFact> Find(DatabaseFacts database, string text) => Guid.TryParse(text, out var uuid)
        ? [.. database.Vms.Where(vm => vm.Uuid == uuid)]
        : [.. database.Vms.Where(vm => vm.Name == text)];

    private static string Unknown(DatabaseFacts database, string text)
    {
        var near = database.Vms.Select(static vm => vm.Name).Distinct()
            .OrderBy(name => NearestWord.Distance(text.ToUpperInvariant(), name.ToUpperInvariant())).Take(NamesMax);
        return $"the pool has no VM {text}; the nearest are {string.Join(", ", near)}.";
    }

    /// <summary>The field of HA-Lizard is touched only where it says the opposite, and where nothing else can say "not this one".</summary>
    private static HaAction.MarkVm Mark(PolicyConfig policy, VmFact vm, bool on) => on
        ? new HaAction.MarkVm(vm.Uuid, "restart", vm.LizardMark == false ? true : null)
        : new HaAction.MarkVm(vm.Uuid, "", policy.Protect == ProtectMode.All || vm.LizardMark == true ? false : null);
}
