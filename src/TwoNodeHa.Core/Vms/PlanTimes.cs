namespace TwoNodeHa.Core.Vms;

/// <summary>
/// When the VMs of a plan run: level by level, at most so many at a time; the next level begins when the last start of the one
/// before has ended and its longest start delay has passed.
/// </summary>
public static class PlanTimes
{
    /// <summary>From the failure until each VM of the plan runs.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="parallel">Starts at a time, 1 or more.</param>
    /// <param name="first">From the failure until the first start is ordered.</param>
    /// <param name="start">What one start takes.</param>
    public static Dictionary<Guid, TimeSpan> Of(FailoverPlan plan, int parallel, TimeSpan first, TimeSpan start)
    {
        var times = new Dictionary<Guid, TimeSpan>(plan.Steps.Length);
        var (begin, end, delay, place) = (first, first, TimeSpan.Zero, 0);
        for (var i = 0; i < plan.Steps.Length; i++)
        {
            if (i > 0 && plan.Steps[i].Level != plan.Steps[i - 1].Level)
            {
                (begin, delay, place) = (end + delay, TimeSpan.Zero, 0);
            }

            var vm = plan.Steps[i].Vm;
            end = begin + (start * ((place / parallel) + 1));
            delay = vm.StartDelay > delay ? vm.StartDelay : delay;
            place++;
            times[vm.Uuid] = end;
        }

        return times;
    }
}
