"""The operations of TensorFlow that a detection graph may be made of: those that compute, and those that order it.

They were chosen from what the networks of TensorFlow's two detection zoos are built of (convolutions, boxes,
suppression, crops, loops of 1.x and of functions) and what arithmetic around them needs. None of them reads or writes
a file, calls another machine or Python, prints, waits, or ends the process. An operation that is not here is refused
by its name.
"""

from __future__ import annotations

_ARITHMETIC = """
Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh Div DivNoNan Elu Erf Erfc
Exp Expm1 Floor FloorDiv FloorMod Inv Log Log1p Maximum Minimum Mod Mul MulNoNan Neg Pow RealDiv Reciprocal
Rint Round Rsqrt Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square SquaredDifference Sub Tan Tanh
TruncateDiv TruncateMod Xdivy Xlogy
"""
_LOGIC = """
Equal Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual Select
SelectV2 BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift ApproximateEqual Invert
"""
_REDUCTIONS = """
All Any ArgMax ArgMin Bincount Cumprod Cumsum EuclideanNorm L2Loss LogSoftmax Max Mean Min Prod Softmax Sum
TopK TopKV2 NthElement InTopK InTopKV2 SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum
UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum DenseBincount
"""
_SHAPES = """
BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastGradientArgs BroadcastTo Cast Concat ConcatOffset
ConcatV2 DepthToSpace Diag DiagPart DynamicPartition DynamicStitch EnsureShape ExpandDims Fill Gather GatherNd
GatherV2 Identity IdentityN InvertPermutation LinSpace ListDiff MatrixBandPart MatrixDiag MatrixDiagPart
MatrixDiagPartV3 MatrixDiagV3 MirrorPad OneHot OnesLike Pack Pad PadV2 ParallelConcat ParallelDynamicStitch
Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd Shape ShapeN Size Slice Snapshot
SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient PreventGradient StridedSlice
TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate Tile Transpose Unique
UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack Where ZerosLike SparseToDense Empty DeepCopy
TensorStridedSliceUpdate LowerBound UpperBound DenseToDenseSetOperation DenseToSparseSetOperation
SparseToSparseSetOperation SetSize SparseReorder SparseReshape SparseSlice SparseConcat
"""
_LAYERS = """
AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization BiasAdd BiasAddV1
Conv2D Conv2DBackpropInput Conv3D Cross DepthwiseConv2dNative Dilation2D Einsum FusedBatchNorm
FusedBatchNormV2 FusedBatchNormV3 FusedPadConv2D FusedResizeAndPadConv2D LRN LeakyRelu MatMul MaxPool
MaxPool3D MaxPoolV2 MaxPoolWithArgmax Relu Relu6 Selu _FusedConv2D _FusedMatMul _FusedBatchNormEx
_FusedDepthwiseConv2dNative Dequantize FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
QuantizeAndDequantizeV4 QuantizeV2 QuantizedConv2D QuantizedMatMul QuantizedRelu QuantizedRelu6
QuantizedMaxPool QuantizedAvgPool QuantizedConcat QuantizedConcatV2 QuantizedReshape QuantizedBiasAdd
QuantizeDownAndShrinkRange RequantizationRange Requantize
"""
_PICTURES = """
AdjustContrastv2 AdjustHue AdjustSaturation CombinedNonMaxSuppression CropAndResize DecodeBmp DecodeGif
DecodeImage DecodeJpeg DecodePng DecodeRaw ExtractImagePatches GenerateBoundingBoxProposals HSVToRGB
ImageProjectiveTransformV2 ImageProjectiveTransformV3 NonMaxSuppression NonMaxSuppressionV2
NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NonMaxSuppressionWithOverlaps RGBToHSV ResizeArea
ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate DrawBoundingBoxes DrawBoundingBoxesV2
"""
#: Loops and branches of 1.x and of functions, and the lists they fill. A function's body is checked like the graph.
_FLOW = """
Assert Case CheckNumerics CheckNumericsV2 Const ControlTrigger Enter Exit FakeParam For If LoopCond Merge
NextIteration NoOp PartitionedCall Placeholder PlaceholderV2 PlaceholderWithDefault StatefulPartitionedCall
StatelessCase StatelessIf StatelessWhile Switch While MapDefun _Arg _Retval _SwitchN EmptyTensorList
TensorListConcat TensorListConcatLists TensorListConcatV2 TensorListElementShape TensorListFromTensor
TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack
TensorListPushBackBatch TensorListReserve TensorListResize TensorListScatter TensorListScatterIntoExistingList
TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack Stack StackPop StackPush StackV2
StackPopV2 StackPushV2 StackClose StackCloseV2
"""
#: Random numbers of dropout and sampling that training left in a graph, and words of a signature, such as class names.
_LEFT_OVERS = """
RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt TruncatedNormal StatelessRandomUniform
StatelessRandomUniformV2 StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomGetKeyCounter
StatelessRandomGetAlg AsString RegexReplace StaticRegexFullMatch StringFormat StringJoin StringLength
StringLower StringStrip StringToNumber Substr
"""
#: Variables of SavedModels, and tables of names that lie in the graph itself.
_VARIABLES = """
Assign AssignAddVariableOp AssignSubVariableOp AssignVariableOp DestroyResourceOp DisableCopyOnRead
IsVariableInitialized ReadVariableOp ResourceGather ResourceGatherNd VarHandleOp VarIsInitializedOp Variable
VariableShape VariableV2 HashTable HashTableV2 MutableHashTable MutableHashTableV2 InitializeTable
InitializeTableV2 LookupTableFind LookupTableFindV2 LookupTableImport LookupTableImportV2 LookupTableInsert
LookupTableInsertV2 LookupTableSize LookupTableSizeV2 LookupTableExport LookupTableExportV2
"""
#: TensorArray and its methods, by the version that the graph was written for.
_ARRAYS = " ".join(
    f"TensorArray{method}{version}"
    for method in ("", "Close", "Concat", "Gather", "Read", "Scatter", "Size", "Split", "Write")
    for version in ("", "V2", "V3")
)

#: Every operation that is allowed anywhere in a graph.
ALLOWED = frozenset(
    " ".join(
        (
            *(_ARITHMETIC, _LOGIC, _REDUCTIONS, _SHAPES, _LAYERS, _PICTURES),
            *(_FLOW, _LEFT_OVERS, _VARIABLES, _ARRAYS),
        )
    ).split()
)
