using System.Collections.Immutable;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Operator;

/// <summary>What the custom field of the pool and of each protected VM says, so that XenCenter and Xen Orchestra show it. Pure.</summary>
public static class FieldText
{
    /// <summary>Key of <c>other_config</c>: both tools take it for a custom field of that name.</summary>
    public const string Key = "XenCenter.CustomFields.TwoNodeHa";

    private const string Disabled = "HA is disabled";

    /// <summary>For the pool: is either host covered.</summary>
    public static string OfPool(StatusReport status)
    {
        var verdict = Verdict.Of(status);
        return !status.Enabled ? Disabled : verdict.Covered ? "covered: either host may fail"
            : $"NOT COVERED: {verdict.Remarks.FirstOrDefault(remark => remark.IsProblem)?.Sentence ?? status.Why}";
    }

    /// <summary>For each protected VM, by uuid: whether it would come back, or why not.</summary>
    public static ImmutableSortedDictionary<Guid, string> OfVms(StatusReport status) =>
        (status.Vms.IsDefault ? [] : status.Vms).Where(vm => vm.Protected).DistinctBy(vm => vm.Uuid).ToImmutableSortedDictionary(vm => vm.Uuid, vm => OfVm(vm, status));

    private static string OfVm(VmStatus vm, StatusReport status)
    {
        if (!status.Enabled)
        {
            return Disabled;
        }

        if (vm is { Wanted: true, On: "" })
        {
            return vm.Why.Length > 0 ? $"DOWN: {vm.Why}" : "DOWN";
        }

        var miss = (status.Outlooks.IsDefault ? [] : status.Outlooks).Where(outlook => outlook.Fails == vm.On)
            .SelectMany(outlook => outlook.Missing).FirstOrDefault(miss => miss.Name == vm.Name);
        return miss is not null ? $"NOT COVERED: if {vm.On} fails: {miss.Why}" : vm.Wanted ? "protected" : "protected; it was stopped on purpose";
    }
}
